// What is measured otherwise than by the rows of cases.ts: each of these makes a table of its own.
import { measureConnections } from './connections.ts';
import { measureNames } from './names.ts';
import type { LoadGenerator } from './processes.ts';
import { measureStoredSessions } from './stored-sessions.ts';
import { measureValidation } from './validation.ts';
import { measureWorkers } from './workers.ts';

/** What is measured with. */
export interface OwnSetup {
  readonly rounds: number;
  readonly node: string;
  readonly provider: string;
  /** Where certificates are: `ca.pem`, `p256.pem`, `p256.key`. */
  readonly folder: string;
  readonly load: LoadGenerator;
}

/** What was found, as a table with a sentence below, and whether its goals are met. */
export interface OwnResult {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
  readonly isGood: boolean;
}

export type OwnBenchmark = (setup: OwnSetup) => Promise<OwnResult>;

export const own: Readonly<Record<string, OwnBenchmark>> = {
  connections: measureConnections,
  names: measureNames,
  'stored-sessions': measureStoredSessions,
  workers: measureWorkers,
  validation: measureValidation,
};
