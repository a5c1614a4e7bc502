import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCipherList } from './cipher-list.ts';

const names = (list: string | undefined): string[] => readCipherList(list).suites.map(({ name }) => name);
const names12 = (list: string): string[] => names(list).filter((name) => !name.startsWith('TLS_'));

describe('ciphers in the list language of OpenSSL', () => {
  it('the default has everything but CCM, TLS 1.3 first', () => {
    const all = names(undefined);
    assert.deepEqual(all.slice(0, 3), [
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_GCM_SHA256',
    ]);
    assert.equal(all.length, 12);
    assert.ok(!all.some((name) => name.includes('CCM')));
  });
  it('without names for TLS 1.3, its suites are the default ones', () => {
    assert.deepEqual(names('aRSA+CHACHA20+ECDHE'), [...names(undefined).slice(0, 3), 'ECDHE-RSA-CHACHA20-POLY1305']);
  });
  it('with nothing but names for TLS 1.3, there is no TLS 1.2', () => {
    assert.deepEqual(names('TLS_AES_128_CCM_8_SHA256'), ['TLS_AES_128_CCM_8_SHA256']);
    assert.deepEqual(names('TLS_NOBODY:TLS_AES_128_GCM_SHA256'), ['TLS_AES_128_GCM_SHA256']);
  });
  const lists: [string, string[]][] = [
    ['ECDHE-RSA-AES128-GCM-SHA256', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['CHACHA20:!PSK:!DHE', ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305']],
    [
      'kDHE+CHACHA20:AESGCM+DHE',
      ['DHE-RSA-CHACHA20-POLY1305', 'DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
    ],
    ['CHACHA20+kECDHEPSK:CHACHA20+kPSK', ['ECDHE-PSK-CHACHA20-POLY1305', 'PSK-CHACHA20-POLY1305']],
    ['CHACHA20+ECDHE', ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305']],
    ['NOBODY-KNOWS-IT:AES128+aRSA', ['ECDHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256']],
    ['aRSA+ECDHE:@SECLEVEL=4', ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305']],
    ['TLS_AES_128_GCM_SHA256:CHACHA20+aRSA:!DHE:@SECLEVEL=4', ['ECDHE-RSA-CHACHA20-POLY1305']],
  ];
  for (const [list, expected] of lists) it(list, () => assert.deepEqual(names12(list), expected));
  for (const list of ['NOPE', '!ALL', 'constructor', 'TLS_NOPE', 'HIGH:!ALL', 'SHA256', '@STRENGTH', 'TLS_NOPE:HIGH']) {
    it(`${list}: no cipher match`, () => assert.throws(() => names(list), { code: 'ERR_SSL_NO_CIPHER_MATCH' }));
  }
  for (const list of ['HIGH:@SECLEVEL=9', 'HIGH:@NOPE', 'HIGH:!', 'HIGH:ECDHE+', 'HIGH:$']) {
    it(`${list}: invalid command`, () => assert.throws(() => names(list), { code: 'ERR_SSL_INVALID_COMMAND' }));
  }
  it('nothing between colons: invalid value', () => {
    assert.throws(() => names(':'), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
