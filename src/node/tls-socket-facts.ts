import type { Connection } from '../engine/connection.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import { versionName } from '../wire/code-points.ts';
import type { OwnBuffer } from '../wire/own-buffer.ts';
import { checkNumber, checkString, invalidArgType, isBytes } from './arguments.ts';
import { nodeError } from './errors.ts';
import { opensslSchemeName } from './named-lists.ts';

// What a TLSSocket tells of its connection, in Node's form.

/** A cipher suite as `getCipher` tells it. */
export interface CipherInfo {
  /** OpenSSL's name. */
  readonly name: string;
  /** The RFC's name. */
  readonly standardName: string;
  readonly version: string;
}

/** The cipher suite; `undefined` before it is chosen. */
export function cipherInfo({ cipherSuite: suite }: HandshakeReport): CipherInfo | undefined {
  return suite && { name: suite.name, standardName: suite.standardName, version: versionName(suite.version) };
}

/** A protocol that was chosen, `false` when there is none, `null` before application data may flow. */
export function chosenProtocol(
  { isSecure, report }: Connection,
  by: 'alpnProtocol' | 'npnProtocol',
): string | false | null {
  return isSecure ? (report[by] ?? false) : null;
}

/** The host that the client asked for, `false` when it named none, `null` before its ClientHello was read. */
export function requestedHost({ serverName, stage }: HandshakeReport): string | false | null {
  if (serverName !== undefined) return serverName;
  return stage === 'start' ? null : false;
}

/** What became of the data that the client sent with its ClientHello; `null` where it offered none. */
export type EarlyDataState = 'rejected' | 'accepted' | 'confirmed' | null;

export function earlyDataState({ report, isConfirmed }: Connection): EarlyDataState {
  const { earlyData = null } = report;
  return earlyData === 'accepted' && isConfirmed ? 'confirmed' : earlyData;
}

/** Signature schemes that both sides have, in our order and OpenSSL's spelling (`RSA-PSS+SHA256`). */
export function sharedSigalgs({ clientHello, signatureSchemes }: HandshakeReport): string[] {
  const theirs = clientHello?.offers.signatureAlgorithms ?? [];
  return signatureSchemes.filter((scheme) => theirs.includes(scheme)).map(opensslSchemeName);
}

/** Keying material (RFC 5705, RFC 8446 section 7.5), once its arguments are checked as Node checks them. */
export function keyingMaterial(
  { secured, isOver }: Connection,
  length: number,
  label: string,
  context: Uint8Array | undefined,
): OwnBuffer {
  checkNumber('length', length, 1, 2 ** 32 - 1, true);
  checkString('label', label);
  if (context !== undefined && !isBytes(context)) {
    throw invalidArgType('context', 'an instance of Buffer, TypedArray, or DataView', context);
  }
  if (secured === undefined || isOver) {
    throw nodeError('ERR_TLS_INVALID_STATE', 'TLS socket connection must be securely established');
  }
  return asBuffer(secured.exportKeyingMaterial(label, length, context))!;
}

/** The same bytes as a Buffer. Secrets are never in shared memory. */
export const asBuffer = (bytes: Uint8Array | undefined): OwnBuffer | undefined =>
  bytes && Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
