import { channel } from 'node:diagnostics_channel';

/** What a store or source that failed was to do. */
export type SessionOperation = 'get' | 'set' | 'delete' | 'admit' | 'now' | 'ticketKeys';

/** What subscribers of the channel `tsls:session:error` of `node:diagnostics_channel` get. */
export interface SessionErrorMessage {
  readonly operation: SessionOperation;
  /** What was thrown, or why the answer is none. */
  readonly error: unknown;
}

const errors = channel('tsls:session:error');

/** Tells that sessions are not resumed that could be, since what keeps them, or their keys, has failed. */
export function tellSessionError(operation: SessionOperation, error: unknown): void {
  if (errors.hasSubscribers) errors.publish({ operation, error } satisfies SessionErrorMessage);
}
