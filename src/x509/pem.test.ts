import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { certificatesOfPem, decodePem, encodePem, PemError } from './pem.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../test/fixtures/certificates/${name}.pem`, import.meta.url), 'utf8');

test('what is encoded is decoded, at every length around the line', () => {
  for (const length of [1, 2, 3, 47, 48, 49, 96, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    const text = encodePem('THING', bytes);
    assert.deepEqual(decodePem(text), [{ label: 'THING', headers: Object.create(null), der: bytes }]);
    assert.ok(text.split('\n').every((line) => line.length <= 64));
  }
});

test('text around blocks, CRLF, trailing white space and a missing last newline are passed over', () => {
  const block = encodePem('A B', Uint8Array.of(1, 2, 3)).trim();
  const text = `subject=/CN=x\r\n${block.replaceAll('\n', ' \t\r\n')}\r\nissuer: y\n\n${block}`;
  assert.deepEqual(
    decodePem(text).map(({ label, der }) => [label, ...der]),
    [
      ['A B', 1, 2, 3],
      ['A B', 1, 2, 3],
    ],
  );
  assert.equal(decodePem(`\ufeff${block}`).length, 1);
  assert.equal(decodePem(Buffer.from(`\ufeff${block}`)).length, 1);
  assert.deepEqual(decodePem('no PEM at all'), []);
  assert.deepEqual(decodePem(''), []);
});

test('RFC 1421 headers are read', () => {
  const [block] = decodePem(
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,\n 0011\n\nAQID\n-----END RSA PRIVATE KEY-----',
  );
  assert.equal(block?.headers['Proc-Type'], '4,ENCRYPTED');
  assert.equal(block.headers['DEK-Info'], 'AES-256-CBC,0011');
  assert.deepEqual([...block.der], [1, 2, 3]);
});

test('a block without end, with another end, or with bad base64 is a PemError', () => {
  const block = (body: string, end = 'X'): string => `-----BEGIN X-----\n${body}\n-----END ${end}-----\n`;
  for (const bad of [
    '-----BEGIN X-----\nAQID\n',
    `-----BEGIN X-----\nAQID\n${block('AQID')}`,
    block('AQID', 'Y'),
    block(''),
    block('AQI'),
    block('AQ=D'),
    block('A!ID'),
    block('AQ ID'),
    block('====' + 'AQID'),
    block(': no header\n\nAQID'),
  ]) {
    assert.throws(() => decodePem(bad), PemError, bad);
  }
});

test('certificates are found under all labels of OpenSSL, without its trust settings', () => {
  const [plain] = certificatesOfPem(fixture('rsa-sha256'));
  assert.deepEqual(certificatesOfPem(fixture('trusted')), [plain]);
  assert.deepEqual(certificatesOfPem(fixture('rsa-sha256').replaceAll(' CERT', ' X509 CERT')), [plain]);
  assert.deepEqual(certificatesOfPem(encodePem('PRIVATE KEY', Uint8Array.of(1))), []);
});
