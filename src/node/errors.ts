import type { ConnectionFailure } from '../engine/failure.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import type { ClientHello } from '../messages/client-hello.ts';

type ErrorClass = new (message: string, options?: { cause?: unknown }) => Error;

/** An error with a code, as Node's own have it. */
export function nodeError<E extends Error = Error>(
  code: string,
  message: string,
  Class: ErrorClass = Error,
  more: object = {},
): E & { code: string } {
  const error = Object.assign(new Class(message), { code, ...more });
  Error.captureStackTrace?.(error, nodeError);
  return error as unknown as E & { code: string };
}

/** Names that OpenSSL gives to received alerts; Node's codes are `ERR_SSL_` and these. */
const receivedPrefix = (description: string): string => {
  if (sslv3Alerts.has(description)) return 'SSLV3_ALERT_';
  if (tls13Alerts.has(description)) return 'TLSV13_ALERT_';
  return bareAlerts.has(description) ? 'TLSV1_' : 'TLSV1_ALERT_';
};
const sslv3Alerts: ReadonlySet<string> = new Set([
  'UNEXPECTED_MESSAGE',
  'BAD_RECORD_MAC',
  'HANDSHAKE_FAILURE',
  'BAD_CERTIFICATE',
  'UNSUPPORTED_CERTIFICATE',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_UNKNOWN',
  'ILLEGAL_PARAMETER',
]);
const tls13Alerts: ReadonlySet<string> = new Set(['MISSING_EXTENSION', 'CERTIFICATE_REQUIRED']);
const bareAlerts: ReadonlySet<string> = new Set([
  'UNSUPPORTED_EXTENSION',
  'UNRECOGNIZED_NAME',
  'BAD_CERTIFICATE_STATUS_RESPONSE',
]);

/** What a connection's failure says beside its message. */
export interface TlsClientError extends Error {
  /** `ERR_SSL_…` where OpenSSL has a name for it, `ECONNRESET`, `ERR_TLS_HANDSHAKE_TIMEOUT`, or the callback's own. */
  code: string;
  /** OpenSSL's library and reason, for code that reads them. */
  library?: string;
  reason?: string;
  /** The alert's name in the registry (`handshake_failure`), if one was exchanged. */
  alert?: string;
  alertDirection?: 'sent' | 'received';
  /** How far the handshake had come: `start`, `clientHello`, `serverHello` … `secure`. */
  stage: string;
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
  /** What was known of the ClientHello. */
  clientHello?: ClientHello;
  /** Everything else that is known of the attempt. */
  handshakeReport: HandshakeReport;
}

/** The error that an application sees for a failure of the engine's. */
export function tlsClientError(failure: ConnectionFailure): TlsClientError {
  const { report } = failure;
  const error = new Error(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause });
  const { alert } = report;
  return Object.assign(error, {
    ...nodeCode(failure),
    ...(alert && { alert: alert.name, alertDirection: alert.direction }),
    ...reportedFacts(report),
  });
}

/** A failure of the transport, with the same facts. */
export function transportError(cause: Error & { code?: string }, report: HandshakeReport): TlsClientError {
  const { code = 'ECONNRESET' } = cause;
  return Object.assign(cause, { code, ...reportedFacts(report) });
}

function reportedFacts(report: HandshakeReport) {
  return {
    stage: report.stage,
    remoteAddress: report.peer?.address,
    remotePort: report.peer?.port,
    ...(report.clientHello && { clientHello: report.clientHello }),
    handshakeReport: report,
  };
}

/** OpenSSL's prefix of the names of verification errors. */
const verifyPrefix = 'X509_V_ERR_';

/** The spelling of Node, whose codes are OpenSSL's reasons. */
function nodeCode({ code, direction, cause }: ConnectionFailure): { code: string; library?: string; reason?: string } {
  if (code === 'ECONNRESET' || code.startsWith('ERR_')) return { code };
  // What is wrong with a certificate has no prefix in Node.
  if (code.startsWith(verifyPrefix)) return { code: code.slice(verifyPrefix.length) };
  if (code === 'CALLBACK_FAILED') {
    const own = (cause as { code?: unknown } | undefined)?.code;
    return { code: typeof own === 'string' ? own : 'ERR_TLS_CALLBACK_FAILED' };
  }
  const description = code.replace(/^ALERT_/, '');
  const name = direction === 'received' ? receivedPrefix(description) + description : code;
  return { code: `ERR_SSL_${name}`, library: 'SSL routines', reason: name.toLowerCase().replaceAll('_', ' ') };
}
