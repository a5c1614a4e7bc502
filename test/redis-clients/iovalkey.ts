import { testFaults } from './faults.ts';

testFaults('iovalkey');
