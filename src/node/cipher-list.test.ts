import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCipherList } from './cipher-list.ts';

const names = (list: string | undefined): string[] => readCipherList(list).map(({ name }) => name);

describe('ciphers in the list language of OpenSSL', () => {
  it('the default has everything but CCM, TLS 1.3 first', () => {
    const all = names(undefined);
    assert.deepEqual(all.slice(0, 3), [
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_GCM_SHA256',
    ]);
    assert.equal(all.length, 9);
    assert.ok(!all.some((name) => name.includes('CCM')));
  });
  const lists: [string, string[]][] = [
    ['TLS_AES_128_CCM_8_SHA256', ['TLS_AES_128_CCM_8_SHA256']],
    ['ECDHE-RSA-AES128-GCM-SHA256', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['CHACHA20', ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305']],
    ['aRSA+AES256', ['ECDHE-RSA-AES256-GCM-SHA384']],
    ['HIGH:!aRSA:!CHACHA20', ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']],
    ['aECDSA:-AES:ECDHE-ECDSA-AES128-GCM-SHA256', ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-ECDSA-AES128-GCM-SHA256']],
    ['!AES128:aRSA', ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305']],
    ['aRSA:+AES128', ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES128-GCM-SHA256']],
    ['aRSA:@STRENGTH', ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES128-GCM-SHA256']],
    ['AES128+aRSA:@SECLEVEL=2', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['NOBODY-KNOWS-IT:AES128+aRSA', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['AES128+aRSA TLS_AES_128_GCM_SHA256', ['TLS_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256']],
  ];
  for (const [list, expected] of lists) it(list, () => assert.deepEqual(names(list), expected));
  for (const list of ['NOPE', '!ALL', 'constructor', 'TLS_NOPE', 'HIGH:@SECLEVEL=9', 'HIGH:!ALL']) {
    it(`${list}: no cipher match`, () => assert.throws(() => names(list), { code: 'ERR_SSL_NO_CIPHER_MATCH' }));
  }
});
