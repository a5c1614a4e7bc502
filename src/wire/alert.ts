/** Alert descriptions by name (RFC 8446 section 6; RFC 5246 section 7.2; RFC 6066, 7301, 9846, 9849). */
export const AlertDescription = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  inappropriateFallback: 86,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
  unrecognizedName: 112,
  badCertificateStatusResponse: 113,
  unknownPskIdentity: 115,
  certificateRequired: 116,
  generalError: 117,
  noApplicationProtocol: 120,
  echRequired: 121,
} as const;

export type AlertName = keyof typeof AlertDescription;

export const AlertLevel = { warning: 1, fatal: 2 } as const;

const namesByCode = new Map<number, AlertName>(
  (Object.keys(AlertDescription) as AlertName[]).map((name) => [AlertDescription[name], name]),
);

/** The name of an alert description, or `undefined` for a code point that no RFC we know assigns. */
export const alertName = (description: number): AlertName | undefined => namesByCode.get(description);

/** `unexpectedMessage` -> `UNEXPECTED_MESSAGE`: the spelling of error codes. */
export const screamingCase = (name: string): string => name.replace(/([A-Z])/g, '_$1').toUpperCase();

/** `unexpectedMessage` -> `unexpected_message`: the spelling of the registry. */
export const registryName = (name: AlertName): string => screamingCase(name).toLowerCase();

export interface TlsAlertOptions {
  /** The reason as a code, in the manner of OpenSSL's reason strings; by default the alert's own name. */
  readonly code?: string;
  readonly cause?: unknown;
}

/**
 * A reason to end the connection, with the alert that tells the peer.
 * Thrown where the fact is found; caught in one place, the engine.
 */
export class TlsAlert extends Error {
  override readonly name = 'TlsAlert';
  readonly alert: AlertName;
  readonly code: string;

  constructor(alert: AlertName, message: string, options: TlsAlertOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.alert = alert;
    this.code = options.code ?? screamingCase(alert);
  }
}

/** Ends the connection with `alert`; `message` states the fact, `code` names the reason. */
export function fail(alert: AlertName, message: string, code?: string): never {
  throw new TlsAlert(alert, message, code === undefined ? {} : { code });
}
