import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { loadOpenssl } from '../../src/crypto/openssl/provider.ts';
import { createServer } from '../../src/index.ts';
import { type CryptoChoice, chooseCrypto } from '../../src/node/crypto-provider.ts';

const isThere = 'provider' in loadOpenssl();

describe('the choice of the crypto provider', () => {
  const before = process.env.TSLS_CRYPTO;
  afterEach(() => {
    if (before === undefined) delete process.env.TSLS_CRYPTO;
    else process.env.TSLS_CRYPTO = before;
  });

  it('is that of the option, then that of the environment, then the fastest', () => {
    process.env.TSLS_CRYPTO = 'node';
    assert.equal(chooseCrypto().name, 'node:crypto');
    assert.equal(chooseCrypto({ cryptoProvider: 'auto' }).name, isThere ? 'openssl' : 'node:crypto');
    process.env.TSLS_CRYPTO = 'auto';
    assert.equal(chooseCrypto({ cryptoProvider: 'node' }).name, 'node:crypto');
    delete process.env.TSLS_CRYPTO;
    assert.equal(chooseCrypto().name, isThere ? 'openssl' : 'node:crypto');
  });

  it('is openssl, or an error that says why not', () => {
    if (isThere) assert.equal(chooseCrypto({ cryptoProvider: 'openssl' }).name, 'openssl');
    else
      assert.throws(() => chooseCrypto({ cryptoProvider: 'openssl' }), {
        code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
        message: /OpenSSL cannot be called directly here: ./,
      });
  });

  it('is refused where there is no such provider', () => {
    assert.throws(() => createServer({ cryptoProvider: 'boringssl' as CryptoChoice }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
    process.env.TSLS_CRYPTO = 'OpenSSL';
    assert.throws(() => createServer(), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
