import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { ExternalPsk, Policy } from '../handshake/config.ts';
import { checkFunction, checkString, invalidArgType, invalidArgValue, isBytes, isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';

/** A key agreed upon beforehand: the bytes alone, or with what it is for. */
export type PskAnswer =
  | NodeJS.ArrayBufferView
  | {
      readonly psk: NodeJS.ArrayBufferView;
      /** The hash of the key schedule (TLS 1.3), or the one that it is imported with; SHA-256 by default. */
      readonly hash?: 'sha256' | 'sha384' | undefined;
      /** Whether it is to be imported (RFC 9258), and not to be used otherwise. */
      readonly isImported?: boolean | undefined;
    };

/** What an identity says that was made by importing a key (RFC 9258 section 5.1). */
export interface ImportedPskIdentity {
  readonly externalIdentity: Buffer;
  readonly context: Buffer;
  /** The version as on the wire: 0x0304 for TLS 1.3. */
  readonly targetProtocol: number;
  /** 1 for HKDF_SHA256, 2 for HKDF_SHA384. */
  readonly targetKdf: number;
}

/**
 * Gives the key of an identity, now or later; `null` for one that is not known. `this` and `socket` are the socket;
 * `imported` is what the identity says where it may be that of an imported key.
 */
export type PskCallback = (
  socket: never,
  identity: string,
  imported?: ImportedPskIdentity,
) => MaybePromise<PskAnswer | null | undefined>;

/** Options of keys agreed upon beforehand. */
export interface PskOptions {
  readonly pskCallback?: PskCallback | undefined;
  /** Tells clients of TLS 1.2 which key to use. */
  readonly pskIdentityHint?: string | undefined;
}

/** Most bytes of a key, as in OpenSSL. */
const maxKeyLength = 512;
/** Most bytes of a hint, as in OpenSSL. */
const maxHintLength = 128;

/** Throws Node's errors for options that are wrong. */
export function checkPskOptions({ pskCallback, pskIdentityHint }: PskOptions): void {
  if (isGiven(pskCallback)) checkFunction('options.pskCallback', pskCallback);
  if (!isGiven(pskIdentityHint)) return;
  checkString('options.pskIdentityHint', pskIdentityHint);
  if (Buffer.byteLength(pskIdentityHint) > maxHintLength) {
    throw nodeError('ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED', 'Failed to set PSK identity hint');
  }
}

/** Asks `callback` for the key of an identity. */
export function externalPsks(callback: PskCallback | undefined | null, socket: object): Policy['externalPsk'] {
  if (!isGiven(callback)) return undefined;
  return (identity, _hello, imported) => {
    const text = Buffer.from(identity).toString('utf8');
    const parts = imported && {
      ...imported,
      externalIdentity: Buffer.from(imported.externalIdentity),
      context: Buffer.from(imported.context),
    };
    const answer = parts
      ? callback.call(socket, socket as never, text, parts)
      : callback.call(socket, socket as never, text);
    return isPromise(answer) ? Promise.resolve(answer).then(readAnswer) : readAnswer(answer);
  };
}

function readAnswer(answer: PskAnswer | null | undefined): ExternalPsk | undefined {
  if (!isGiven(answer)) return undefined;
  if (isBytes(answer)) return { key: readKey(answer) };
  if (typeof answer !== 'object') {
    throw invalidArgType('ret', 'an instance of Object, Buffer, TypedArray, or DataView', answer);
  }
  if (!isBytes(answer.psk)) throw invalidArgType('psk', 'an instance of Buffer, TypedArray, or DataView', answer.psk);
  const { hash, isImported } = answer;
  if (isGiven(hash) && hash !== 'sha256' && hash !== 'sha384') {
    throw invalidArgValue('hash', hash, "must be 'sha256' or 'sha384'");
  }
  return { key: readKey(answer.psk), hash: hash ?? undefined, isImported: isImported === true };
}

function readKey(key: NodeJS.ArrayBufferView): Uint8Array {
  if (key.byteLength === 0) throw invalidArgValue('psk', key, 'is empty');
  if (key.byteLength > maxKeyLength) throw invalidArgValue('psk', key, 'exceeds the longest key of 512 bytes');
  return Uint8Array.from(new Uint8Array(key.buffer, key.byteOffset, key.byteLength));
}
