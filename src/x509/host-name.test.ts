import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Certificate, readCertificate } from './certificate.ts';
import type { GeneralName } from './certificate-extensions.ts';
import { matchesHost } from './host-name.ts';
import { parseIp } from './ip-address.ts';
import { certificatesOfPem } from './pem.ts';

const read = (name: string): Certificate =>
  readCertificate(
    certificatesOfPem(
      readFileSync(new URL(`../../../test/fixtures/certificates/${name}.pem`, import.meta.url), 'utf8'),
    )[0]!,
  );

/** A certificate whose subject has a CN `*.example.com`, with other alternative names. */
const withNames = (...names: string[]): Certificate => ({
  ...read('rsa-sha256'),
  subjectAltName: names.map((value): GeneralName => {
    const address = parseIp(value);
    return {
      type: address ? 'ip' : 'dns',
      value,
      bytes: address ?? Buffer.from(value, 'latin1'),
      tag: address ? 0x87 : 0x82,
    };
  }),
});

const check = (certificate: Certificate, yes: readonly string[], no: readonly string[]): void => {
  for (const host of yes) assert.equal(matchesHost(certificate, host), true, host);
  for (const host of no) assert.equal(matchesHost(certificate, host), false, host);
};

test('names and addresses of a certificate, in any case, with or without a final dot', () => {
  check(
    read('rsa-sha256'),
    ['example.com', 'EXAMPLE.com', 'example.com.', 'a.example.com', 'A.Example.Com.', '127.0.0.1'],
    ['a.b.example.com', '.example.com', 'example.org', 'xexample.com', '', '.', 'a..example.com', 'a b.example.com'],
  );
  check(
    read('rsa-sha256'),
    ['2001:db8::1:0:0:1', '2001:DB8:0:0:1:0:0:1'],
    ['::1', '127.0.0.2', '127.0.0.01', '127.1', '0x7f.0.0.1', '127.0.0.1.'],
  );
});

test('a wildcard is a whole leftmost label with two labels after it', () => {
  check(withNames('*.com'), [], ['example.com']);
  check(withNames('*'), [], ['example', 'example.com']);
  check(withNames('f*.example.com', '*o.example.com', 'a.*.com', '*.*.com'), [], ['foo.example.com', 'a.b.com']);
  check(withNames('*.b.example.com'), ['xn--bcher-kva.b.example.com'], ['b.example.com', 'a.c.example.com']);
});

test('an address in a dNSName, and a name with a NUL, match nothing', () => {
  check(
    { ...withNames(), subjectAltName: [{ type: 'dns', value: '10.0.0.1', bytes: new Uint8Array(), tag: 0x82 }] },
    [],
    ['10.0.0.1'],
  );
  check(withNames('example.com\0.evil.example'), [], ['example.com', 'example.com\0.evil.example']);
});

test('the CN counts where there is no dNSName, and never for an address', () => {
  check(withNames(), ['a.example.com'], ['example.com']);
  check(withNames('127.0.0.1'), ['a.example.com', '127.0.0.1'], []);
  check(withNames('other.example'), ['other.example'], ['a.example.com']);
});
