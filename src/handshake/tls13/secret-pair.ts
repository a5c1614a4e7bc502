import { wipe } from '../../wire/wipe.ts';

/**
 * Two secrets of one length in one array, for as long as the connection lives: each array takes 200 bytes beside what it
 * holds, and more where it comes from outside of V8.
 */
export class SecretPair {
  /** To be wiped when the connection is over. */
  readonly bytes: Uint8Array;

  /** Takes both over: what they were in is wiped. */
  constructor(first: Uint8Array, second: Uint8Array) {
    this.bytes = new Uint8Array(first.length + second.length);
    this.replace(0, first);
    this.replace(1, second);
  }

  /** Works with one of them, which is wiped where `work` has it. */
  use<R>(which: 0 | 1, work: (secret: Uint8Array) => R): R {
    const length = this.bytes.length / 2;
    const secret = this.bytes.slice(which * length, (which + 1) * length);
    try {
      return work(secret);
    } finally {
      wipe(secret);
    }
  }

  /** Takes over another secret in the place of one of them. */
  replace(which: 0 | 1, secret: Uint8Array): void {
    const start = which * secret.length;
    for (let i = 0; i < secret.length; i++) this.bytes[start + i] = secret[i]!;
    wipe(secret);
  }
}
