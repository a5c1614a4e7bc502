import type { HandshakeReport } from '../handshake/report.ts';
import { type AlertName, TlsAlert } from '../wire/alert.ts';

export interface FailureFacts {
  /** The reason as a code (`NO_SHARED_CIPHER`, `BAD_RECORD_MAC` …); the alert's name where it says it all. */
  readonly code: string;
  /** The alert, or `undefined` when none was exchanged or its number has no name. */
  readonly alert: AlertName | undefined;
  readonly direction: 'sent' | 'received' | 'none';
  readonly report: HandshakeReport;
  readonly cause?: unknown;
}

/** Why a connection ended: by our alert, by the peer's, or by something else altogether. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';
  readonly code: string;
  readonly alert: AlertName | undefined;
  readonly direction: FailureFacts['direction'];
  /** How far the handshake had come. */
  readonly stage: string;
  readonly report: HandshakeReport;

  constructor(message: string, facts: FailureFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.alert = facts.alert;
    this.direction = facts.direction;
    this.stage = facts.report.stage;
    this.report = facts.report;
  }
}

/** Whatever was thrown, as an alert: only a TlsAlert chose one, all else is `internal_error` (RFC 8446 section 6.2). */
export function toAlert(thrown: unknown): TlsAlert {
  if (thrown instanceof TlsAlert) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new TlsAlert('internalError', reason, { code: 'CALLBACK_FAILED', cause: thrown });
}
