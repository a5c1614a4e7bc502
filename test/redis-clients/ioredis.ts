import { testFaults } from './faults.ts';

testFaults('ioredis');
