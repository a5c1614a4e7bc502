import { testFaults } from './faults.ts';

testFaults('node-redis-pool');
