import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cipherSuites } from '../crypto/cipher-suites.ts';
import { cipherSuiteName, cipherSuiteNames } from './cipher-suite-names.ts';

test('cipher suites at the ends of their runs have the names of the registry', () => {
  for (const [suite, name] of [
    [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
    [0x003a, 'TLS_DH_anon_WITH_AES_256_CBC_SHA'],
    [0x0095, 'TLS_RSA_PSK_WITH_AES_256_CBC_SHA'],
    [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
    [0x00a7, 'TLS_DH_anon_WITH_AES_256_GCM_SHA384'],
    [0x00b9, 'TLS_RSA_PSK_WITH_NULL_SHA384'],
    [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'],
    [0xc019, 'TLS_ECDH_anon_WITH_AES_256_CBC_SHA'],
    [0xc032, 'TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384'],
    [0xc063, 'TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384'],
    [0xc09b, 'TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384'],
    [0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8'],
    [0xccae, 'TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256'],
    [0x1a1a, 'GREASE'],
    [0x1234, '0x1234'],
  ] as const) {
    assert.equal(cipherSuiteName(suite), name);
  }
});

test('no name comes twice, and every suite that we implement has its name', () => {
  assert.equal(new Set(cipherSuiteNames.values()).size, cipherSuiteNames.size);
  for (const { id, standardName } of cipherSuites) {
    assert.equal(cipherSuiteName(id), standardName);
  }
});
