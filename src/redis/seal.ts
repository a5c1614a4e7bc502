import { nodeCrypto } from '../crypto/node/provider.ts';

const format = 1;
const saltLength = 24;
const tagLength = 16;
/** Every value has a key of its own, so that its nonce need not differ. */
const nonce = new Uint8Array(12);
const empty = new Uint8Array();

/** Longer values are none of ours: a session is some kilobytes with the longest chains of certificates. */
const maxLength = 262_144;

/**
 * Seals what goes into the store, so that whoever runs it reads nothing, makes nothing up, and cannot put one value in
 * the place of another. AES-256-GCM under keys that follow from the secret of the fleet.
 */
export class Seal {
  readonly #names: Uint8Array;
  readonly #values: Uint8Array;
  readonly #prefix: string;

  /** All names begin with the prefix. */
  constructor(secret: Uint8Array, prefix: string) {
    this.#prefix = prefix;
    this.#names = nodeCrypto.hmac('sha256', secret, Buffer.from('tsls names'));
    this.#values = nodeCrypto.hmac('sha256', secret, Buffer.from('tsls values'));
  }

  /** The name under which the store knows something: it tells only those who know the secret. */
  nameOf(kind: string, id: string): string {
    const hash = nodeCrypto.hmac('sha256', this.#names, Buffer.from(`${kind} ${id}`));
    return `${this.#prefix}${kind}:${Buffer.from(hash.subarray(0, 18)).toString('base64url')}`;
  }

  /** What is to be kept under a name, as text. */
  seal(name: string, content: Uint8Array): string {
    const head = 1 + saltLength;
    const sealed = Buffer.alloc(head + content.length + tagLength);
    sealed[0] = format;
    sealed.set(nodeCrypto.randomBytes(saltLength), 1);
    const aead = this.#aead(sealed.subarray(0, head));
    aead.seal(nonce, Buffer.from(name), content, empty, sealed, head);
    return sealed.toString('base64url');
  }

  /** What `seal` sealed under the same name; `undefined` for anything else. */
  open(name: string, value: string): Uint8Array | undefined {
    if (value.length > maxLength) return undefined;
    const sealed = Buffer.from(value, 'base64url');
    const head = 1 + saltLength;
    if (sealed.length < head + tagLength || sealed[0] !== format) return undefined;
    return this.#aead(sealed.subarray(0, head)).open(nonce, Buffer.from(name), sealed, head, sealed.length);
  }

  #aead(head: Uint8Array): ReturnType<typeof nodeCrypto.aead> {
    return nodeCrypto.aead('AEAD_AES_256_GCM', nodeCrypto.hmac('sha256', this.#values, head));
  }
}
