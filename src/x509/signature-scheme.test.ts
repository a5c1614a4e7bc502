import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { schemeName } from '../wire/code-points.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { certificatesOfPem } from './pem.ts';
import { signatureSchemeOf } from './signature-scheme.ts';

const read = (name: string): Certificate =>
  readCertificate(
    certificatesOfPem(
      readFileSync(new URL(`../../../test/fixtures/certificates/${name}.pem`, import.meta.url), 'utf8'),
    )[0]!,
  );

test('the scheme with which a certificate is signed', () => {
  for (const [name, scheme] of [
    ['rsa-sha1', 'rsa_pkcs1_sha1'],
    ['rsa-sha256', 'rsa_pkcs1_sha256'],
    ['rsa-sha512-ca', 'rsa_pkcs1_sha512'],
    ['rsa-pss-rsae-sha256', 'rsa_pss_rsae_sha256'],
    ['rsa-pss-pss-sha384', 'rsa_pss_pss_sha384'],
    ['rsa-pss-limited-sha512', 'rsa_pss_pss_sha512'],
    ['ecdsa-prime256v1-sha256', 'ecdsa_secp256r1_sha256'],
    ['ecdsa-prime256v1-sha384', 'ecdsa_secp384r1_sha384'],
    ['ecdsa-secp256k1-sha256', 'ecdsa_secp256r1_sha256'],
    ['ecdsa-secp384r1-sha384', 'ecdsa_secp384r1_sha384'],
    ['ecdsa-secp521r1-sha512', 'ecdsa_secp521r1_sha512'],
    ['ed25519', 'ed25519'],
    ['ed448', 'ed448'],
  ] as const) {
    const found = signatureSchemeOf(read(name));
    assert.equal(found === undefined ? undefined : schemeName(found), scheme, name);
  }
});

test('RSA-PSS with another salt than the digest is long has no scheme in TLS', () => {
  assert.equal(signatureSchemeOf(read('rsa-pss-salt20')), undefined);
});

test("the issuer's key decides between the two schemes of RSA-PSS", () => {
  const certificate = read('rsa-pss-rsae-sha256');
  const issuer = read('rsa-pss-pss-sha384');
  assert.equal(schemeName(signatureSchemeOf(certificate, issuer)!), 'rsa_pss_pss_sha256');
  assert.equal(schemeName(signatureSchemeOf(issuer, certificate)!), 'rsa_pss_rsae_sha384');
});
