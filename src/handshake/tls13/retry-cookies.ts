import type { CryptoProvider } from '../../crypto/provider.ts';
import type { RetryCookies } from '../config.ts';

const tagLength = 32;

/**
 * Cookies under a key of this process: the hash of the first ClientHello and an HMAC of it, so that a client can
 * neither forge one nor bring that of another ClientHello (RFC 8446 section 4.2.2).
 */
export function retryCookies(provider: CryptoProvider): RetryCookies {
  const key = provider.randomBytes(32);
  const tag = (hash: Uint8Array): Uint8Array => provider.hmac('sha256', key, hash);
  return {
    seal: (hash) => Buffer.concat([hash, tag(hash)]),
    open(cookie) {
      const hash = cookie.subarray(0, Math.max(0, cookie.length - tagLength));
      return provider.equal(cookie.subarray(hash.length), tag(hash)) ? hash : undefined;
    },
  };
}
