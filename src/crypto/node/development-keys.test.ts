import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCertificate } from '../../x509/certificate.ts';
import {
  createDevelopmentAuthority,
  createDevelopmentLeaf,
  type DevelopmentIdentity,
  type DevelopmentKeyType,
} from '../../x509/development.ts';
import { matchesHost } from '../../x509/host-name.ts';
import { encodePem } from '../../x509/pem.ts';
import { developmentCrypto, loadDevelopmentKey } from './development-keys.ts';

const now = new Date();
const names = ['localhost', '127.0.0.1', '::1', '*.test.example'];
const authority = createDevelopmentAuthority(developmentCrypto, now);
const types: readonly DevelopmentKeyType[] = ['ecdsa', 'rsa', 'ed25519'];
const pem = (identity: DevelopmentIdentity): string => encodePem('CERTIFICATE', identity.certificate);

test('the authority may sign end entities and nothing else', () => {
  const ca = readCertificate(authority.certificate);
  assert.deepEqual(ca.basicConstraints, { ca: true, pathLength: 0 });
  assert.deepEqual(ca.keyUsage, ['keyCertSign', 'cRLSign']);
  const node = new X509Certificate(authority.certificate);
  assert.equal(node.ca, true);
  assert.equal(node.verify(node.publicKey), true);
});

for (const type of types) {
  test(`a leaf with a key of type ${type} is Node's to accept, for its names and no longer than 397 days`, () => {
    const leaf = createDevelopmentLeaf(developmentCrypto, authority, { names, type, now });
    const node = new X509Certificate(leaf.certificate);
    const ca = new X509Certificate(authority.certificate);
    assert.equal(node.checkIssued(ca), true);
    assert.equal(node.verify(ca.publicKey), true);
    const certificate = readCertificate(leaf.certificate);
    for (const name of ['localhost', '127.0.0.1', '::1', 'a.test.example']) {
      assert.equal(matchesHost(certificate, name), true, name);
    }
    assert.equal(node.checkHost('localhost'), 'localhost');
    assert.equal(node.checkIP('::1') !== undefined, true);
    assert.ok(certificate.notAfter.getTime() - certificate.notBefore.getTime() < 397 * 86_400_000);
    assert.ok(certificate.notBefore < now && now < certificate.notAfter);
    assert.equal(
      node.checkPrivateKey(createPrivateKey({ key: Buffer.from(leaf.key.pkcs8), format: 'der', type: 'pkcs8' })),
      true,
    );
    assert.equal(loadDevelopmentKey(encodePem('PRIVATE KEY', leaf.key.pkcs8)).type, type);
  });
}

test('a leaf does not outlive its authority', () => {
  const later = new Date(now.getTime() + 100 * 86_400_000);
  const leaf = createDevelopmentLeaf(developmentCrypto, authority, { names, now: later });
  assert.deepEqual(readCertificate(leaf.certificate).notAfter, readCertificate(authority.certificate).notAfter);
});

test('names that are none are refused', () => {
  for (const bad of [[], ['a b'], ['a..b'], [''], ['x'.repeat(64)], ['b\u00fccher.example'], ['a.*.b']]) {
    assert.throws(() => createDevelopmentLeaf(developmentCrypto, authority, { names: bad, now }), RangeError);
  }
});

const haveOpenssl = spawnSync('openssl', ['version']).status === 0;

test('openssl verify -x509_strict accepts leaf and authority', {
  skip: !haveOpenssl && 'the openssl command is not installed',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-'));
  try {
    writeFileSync(join(folder, 'ca.pem'), pem(authority));
    for (const type of types) {
      const leaf = createDevelopmentLeaf(developmentCrypto, authority, { names, type, now });
      writeFileSync(join(folder, 'leaf.pem'), pem(leaf));
      const strict = ['-x509_strict', '-check_ss_sig', '-purpose', 'sslserver', '-verify_hostname', 'localhost'];
      const result = spawnSync('openssl', ['verify', ...strict, '-CAfile', 'ca.pem', 'leaf.pem'], { cwd: folder });
      assert.equal(result.status, 0, `${result.stdout}${result.stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
