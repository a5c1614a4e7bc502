import { nodeCrypto } from '../crypto/node/provider.ts';
import { loadOpenssl } from '../crypto/openssl/provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';

/**
 * Where cryptography comes from: `node` is node:crypto; `openssl` the same library, called directly by way of the
 * optional package koffi; `auto` the second where it is to be had, and the first elsewhere.
 */
export type CryptoChoice = 'node' | 'openssl' | 'auto';

export interface CryptoOptions {
  /** Takes precedence over the environment variable `TSLS_CRYPTO`; `auto` without both. */
  readonly cryptoProvider?: CryptoChoice | undefined;
}

/**
 * The provider that is asked for. Throws `ERR_INVALID_ARG_VALUE` for another word, and `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`
 * where `openssl` is not to be had, with the reason.
 */
export function chooseCrypto({ cryptoProvider }: CryptoOptions = {}): CryptoProvider {
  const { TSLS_CRYPTO } = process.env;
  const choice: string = isGiven(cryptoProvider) ? cryptoProvider : TSLS_CRYPTO || 'auto';
  if (choice === 'node') return nodeCrypto;
  if (choice !== 'openssl' && choice !== 'auto') {
    const message = `The crypto provider is node, openssl or auto. Received ${JSON.stringify(choice)}`;
    throw nodeError('ERR_INVALID_ARG_VALUE', message, TypeError);
  }
  const attempt = loadOpenssl();
  if ('provider' in attempt) return attempt.provider;
  if (choice === 'auto') return nodeCrypto;
  const message = `OpenSSL cannot be called directly here: ${attempt.reason}`;
  throw nodeError('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', message);
}
