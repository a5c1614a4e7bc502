import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { makeCertificate, testKey } from '../../test/support/certificate-maker.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { DerError, DerReader, DerTag } from './der.ts';
import { derOid, derSequence, derSet, derString } from './der-writer.ts';
import { formatName, formatNameOneLine, nameAttribute, readName } from './distinguished-name.ts';
import { AttributeOid, ExtensionOid } from './oids.ts';
import { certificatesOfPem } from './pem.ts';

const folder = new URL('../../../test/fixtures/certificates/', import.meta.url);
const fixtureNames = readdirSync(folder).map((file) => file.replace('.pem', ''));
const fixture = (name: string): string => readFileSync(new URL(`${name}.pem`, folder), 'utf8');
const read = (pem: string): Certificate => readCertificate(certificatesOfPem(pem)[0]!);

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');

test("certificates of OpenSSL's making and Node's root certificates read as Node reads them", () => {
  for (const pem of [...fixtureNames.map(fixture), ...rootCertificates]) {
    const certificate = read(pem);
    const node = new X509Certificate(pem);
    const what = formatName(certificate.subject);
    assert.equal(hex(certificate.der), node.raw.toString('hex'), what);
    assert.equal(certificate.serialNumber, node.serialNumber, what);
    assert.equal(certificate.notBefore.getTime(), Date.parse(node.validFrom), what);
    assert.equal(certificate.notAfter.getTime(), Date.parse(node.validTo), what);
    assert.equal(certificate.basicConstraints?.ca ?? false, node.ca, what);
    // Node 24 and 26 crash (a segmentation fault) in toLegacyObject() of a key on a curve without a NIST name.
    if (node.publicKey.asymmetricKeyDetails?.namedCurve !== 'secp256k1') {
      const legacy = node.toLegacyObject();
      assert.deepEqual(certificate.extKeyUsage, legacy.ext_key_usage, what);
      for (const attribute of ['CN', 'C', 'O'] as const) {
        const value = (legacy.subject as unknown as Record<string, string | string[]>)[attribute];
        assert.equal(nameAttribute(certificate.subject, attribute), Array.isArray(value) ? value.at(-1) : value, what);
      }
    }
    const { publicKey } = certificate;
    const spki = node.publicKey.export({ type: 'spki', format: 'der' });
    assert.equal(hex(publicKey.spki), spki.toString('hex'), what);
    const { asymmetricKeyType, asymmetricKeyDetails } = node.publicKey;
    assert.equal(publicKey.name, asymmetricKeyType === 'rsa-pss' ? 'rsaPss' : asymmetricKeyType, what);
    assert.equal(publicKey.modulusLength, asymmetricKeyDetails?.modulusLength, what);
    const curve = asymmetricKeyDetails?.namedCurve;
    assert.equal(publicKey.curve, curve === 'prime256v1' ? 'secp256r1' : curve, what);
  }
});

test('the extensions of a certificate', () => {
  const certificate = read(fixture('rsa-sha256'));
  assert.equal(certificate.version, 3);
  assert.deepEqual(
    certificate.subjectAltName.map(({ type, value }) => `${type} ${value}`),
    [
      'dns example.com',
      'dns *.example.com',
      'ip 127.0.0.1',
      'ip 2001:db8::1:0:0:1',
      'email a@example.com',
      'uri https://example.com/x?y=1',
      'directory CN=x,O=directory',
      'registeredId 1.2.3.4',
      'other #06032a0304a0070c056f74686572',
    ],
  );
  assert.deepEqual(certificate.basicConstraints, { ca: false, pathLength: undefined });
  assert.deepEqual(certificate.keyUsage, ['digitalSignature', 'keyEncipherment']);
  assert.deepEqual(certificate.extKeyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.subjectKeyId?.length, 20);
  assert.equal(certificate.extensions.find(({ oid }) => oid === ExtensionOid.keyUsage)?.critical, true);
  assert.equal(hex(certificate.extensions.find(({ oid }) => oid === ExtensionOid.tlsFeature)?.value), '3003020105');
});

test('control characters of names are escaped by their bytes (RFC 4514 section 2.4)', () => {
  for (const [text, escaped] of [
    ['a\0b', 'a\\00b'],
    ['\x1f\x7f', '\\1f\\7f'],
    ['\x80\x85\x9f\xa0', '\\c2\\80\\c2\\85\\c2\\9f\xa0'],
    ['\r\nx', '\\0d\\0ax'],
  ] as const) {
    const name = derSequence(derSet(derSequence(derOid('2.5.4.3'), derString(text))));
    assert.equal(formatName(readName(new DerReader(name))), `CN=${escaped}`);
  }
});

test('attributes of names have the short names of OpenSSL', () => {
  for (const [name, oid] of Object.entries(AttributeOid)) {
    const value = derString('x', name === 'emailAddress' ? DerTag.ia5String : DerTag.utf8String);
    const subject = derSequence(derSet(derSequence(derOid(oid), value)));
    const { der } = makeCertificate({ key: testKey('p256'), subject });
    assert.equal(new X509Certificate(der).subject, `${name}=x`);
    assert.equal(formatName(readCertificate(der).subject), `${name}=x`);
  }
});

test('the extensions of an authority, and a certificate of version 1 without any', () => {
  const authority = read(fixture('rsa-sha512-ca'));
  assert.deepEqual(authority.basicConstraints, { ca: true, pathLength: 3 });
  assert.deepEqual(authority.keyUsage, ['keyCertSign', 'cRLSign']);
  assert.deepEqual(authority.authorityKeyId, authority.subjectKeyId);
  const old = read(fixture('version1'));
  assert.equal(old.version, 1);
  assert.deepEqual([old.extensions, old.subjectAltName, old.keyUsage], [[], [], undefined]);
  assert.equal(old.serialNumber, '-FF');
  assert.equal(old.notAfter.getUTCFullYear(), 2081);
});

test('RSASSA-PSS keys tell their limits', () => {
  assert.equal(read(fixture('rsa-pss-pss-sha384')).publicKey.pss, undefined);
  assert.deepEqual(read(fixture('rsa-pss-limited-sha512')).publicKey.pss, {
    hash: 'sha512',
    maskHash: 'sha512',
    saltLength: 64,
  });
});

test('names as RFC 4514 and as OpenSSL write them', () => {
  const { subject } = read(fixture('multi-valued'));
  assert.equal(formatName(subject), 'UID=me+CN=\\ #sp\\"ace\\; \\<a\\>\\ ,O=x/y,DC=com+DC=example');
  assert.equal(formatNameOneLine(subject), '/DC=com+DC=example/O=x\\/y/UID=me+CN= #sp"ace; <a> ');
  const german = read(fixture('rsa-sha256')).subject;
  assert.equal(formatName(german), 'CN=*.example.com,OU=a\\+b,O=tsls\\, Ltd.,L=Karlsruhe,ST=Baden-Württemberg,C=DE');
  assert.equal(
    formatNameOneLine(german),
    '/C=DE/ST=Baden-W\\xC3\\xBCrttemberg/L=Karlsruhe/O=tsls, Ltd./OU=a\\+b/CN=*.example.com',
  );
  // In TeletexString, which everybody reads as latin1.
  assert.equal(nameAttribute(read(fixture('teletex-or-bmp')).subject, 'ST'), 'Baden-Württemberg');
});

test('a certificate cut off anywhere, or with bytes after it, is a DerError', () => {
  const [der] = certificatesOfPem(fixture('ecdsa-prime256v1-sha256'));
  for (let length = 0; length < der!.length; length++) {
    assert.throws(() => readCertificate(der!.subarray(0, length)), DerError);
  }
  assert.throws(() => readCertificate(Uint8Array.of(...der!, 0)), DerError);
});

test('a certificate with any byte changed is read or is a DerError, nothing else', () => {
  for (const name of ['rsa-sha256', 'rsa-pss-limited-sha512', 'multi-valued']) {
    const [der] = certificatesOfPem(fixture(name));
    for (let at = 0; at < der!.length; at++) {
      for (const change of [0x01, 0x20, 0x80, 0xff]) {
        const changed = Uint8Array.from(der!);
        changed[at]! ^= change;
        try {
          const certificate = readCertificate(changed);
          formatName(certificate.subject);
          formatNameOneLine(certificate.issuer);
        } catch (error) {
          assert.ok(error instanceof DerError, `${error} at ${at} of ${name}`);
        }
      }
    }
  }
});
