/**
 * Runs a synchronous call into node:crypto with stack traces off. Some of these calls throw and catch within
 * themselves, and on Node 24 the traces of those errors cost as much as the cryptography.
 */
export function withoutStackTraces<T>(call: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return call();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
