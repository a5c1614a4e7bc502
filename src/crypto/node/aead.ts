import * as crypto from 'node:crypto';
import { type AeadName, aeadShapes } from '../cipher-suites.ts';
import type { Aead, Room } from '../provider.ts';
import { free, noteYoungBuffer } from '../young-memory.ts';

const opensslNames: Readonly<Record<AeadName, string>> = {
  AEAD_AES_128_GCM: 'aes-128-gcm',
  AEAD_AES_256_GCM: 'aes-256-gcm',
  AEAD_CHACHA20_POLY1305: 'chacha20-poly1305',
  AEAD_AES_128_CCM: 'aes-128-ccm',
  AEAD_AES_128_CCM_8: 'aes-128-ccm',
};

const tagOptions = Object.fromEntries(
  Object.entries(aeadShapes).map(([name, { tagLength }]) => [name, { authTagLength: tagLength }]),
) as Readonly<Record<AeadName, { readonly authTagLength: number }>>;

type Key = crypto.KeyObject | Uint8Array;
/** The members of Node's ciphers that all AEAD modes share; its types split them by mode. */
type AnyCipher = crypto.CipherGCM;
type AnyDecipher = crypto.DecipherGCM;
type MakeCipher = (name: string, key: Key, nonce: Uint8Array, options: { authTagLength: number }) => AnyCipher;
type MakeDecipher = (name: string, key: Key, nonce: Uint8Array, options: { authTagLength: number }) => AnyDecipher;
const makeCipher = crypto.createCipheriv as unknown as MakeCipher;
const makeDecipher = crypto.createDecipheriv as unknown as MakeDecipher;

/**
 * Whether a KeyObject beats a Buffer as a cipher key: five times on Node 24, while it loses on Node 20 and 26.
 * Measured once per process, since the answer is the version's and the platform's.
 */
const preferKeyObject: boolean = (() => {
  const bytes = Buffer.alloc(16);
  const keys: readonly Key[] = [bytes, crypto.createSecretKey(bytes)];
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 12; round++) {
    for (const [which, key] of keys.entries()) {
      const before = process.hrtime.bigint();
      for (let i = 0; i < 4; i++) makeCipher('aes-128-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      best[which] = Math.min(best[which]!, Number(process.hrtime.bigint() - before));
    }
  }
  // Making the KeyObject costs too: it must be a clear win.
  return best[1]! * 1.5 < best[0]!;
})();

/** Copies what a cipher gave, which is of no use then. */
function moveTo(out: Uint8Array, at: number, result: Uint8Array): void {
  out.set(result, at);
  free(result);
}

/** One AEAD key by `node:crypto`, which makes a new cipher object for every record. */
class NodeAead implements Aead {
  readonly #name: string;
  /** Gone once it was released, lest a record be sealed with the zeros that it was wiped with. */
  #key: Key | undefined;
  readonly #options: { readonly authTagLength: number };
  readonly #isCcm: boolean;

  constructor(name: AeadName, key: Uint8Array) {
    this.#name = opensslNames[name];
    this.#options = tagOptions[name];
    this.#isCcm = this.#name.endsWith('-ccm');
    // Not `Buffer.from`, whose shared slab would live as long as the key.
    this.#key = preferKeyObject ? crypto.createSecretKey(key) : Uint8Array.from(key);
  }

  get #usableKey(): Key {
    if (this.#key === undefined) throw new Error('a key is used after it was released');
    return this.#key;
  }

  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    content: Uint8Array,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): number {
    const trailerAt = at + content.length;
    const end = trailerAt + trailer.length;
    const cipher = makeCipher(this.#name, this.#usableKey, nonce, this.#options);
    if (this.#isCcm) cipher.setAAD(additionalData, { plaintextLength: end - at });
    else cipher.setAAD(additionalData);
    // In one piece, as CCM wants it: to copy 16 KiB is cheaper than to call the cipher once more.
    out.set(content, at);
    out.set(trailer, trailerAt);
    moveTo(out, at, cipher.update(out.subarray(at, end)));
    cipher.final();
    out.set(cipher.getAuthTag(), end);
    return end + this.#options.authTagLength;
  }

  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    buffer: Uint8Array,
    start: number,
    end: number,
    room?: Room,
  ): Uint8Array | undefined {
    const tagAt = end - this.#options.authTagLength;
    if (tagAt < start) return undefined;
    const decipher = makeDecipher(this.#name, this.#usableKey, nonce, this.#options);
    decipher.setAuthTag(buffer.subarray(tagAt, end));
    if (this.#isCcm) decipher.setAAD(additionalData, { plaintextLength: tagAt - start });
    else decipher.setAAD(additionalData);
    try {
      const plaintext = decipher.update(buffer.subarray(start, tagAt));
      decipher.final();
      if (room === undefined || room.bytes.length - room.at < plaintext.length) {
        noteYoungBuffer(plaintext.length);
        return plaintext;
      }
      const { length } = plaintext;
      moveTo(room.bytes, room.at, plaintext);
      return room.bytes.subarray(room.at, room.at + length);
    } catch {
      return undefined; // not authentic: the only way these calls fail
    }
  }

  release(): void {
    // A KeyObject's bytes are wiped by OpenSSL when it is collected.
    if (this.#key instanceof Uint8Array) this.#key.fill(0);
    this.#key = undefined;
  }
}

/** A key of `node:crypto`: the reference that other providers are compared with. */
export const aead = (name: AeadName, key: Uint8Array): Aead => new NodeAead(name, key);
