import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { passwordCrypto } from '../crypto/node/password-crypto.ts';
import { normalizeBer } from './ber.ts';
import { DerError, DerReader } from './der.ts';
import { der, derInteger } from './der-writer.ts';
import { nameAttribute } from './distinguished-name.ts';
import { Pkcs12Error, readIterations } from './password-encryption.ts';
import { type Pkcs12, readPkcs12 } from './pkcs12.ts';

// The files are by `openssl pkcs12 -export` of OpenSSL 3.0 with the options that their names tell, nss* by NSS's pk12util
// (in BER), gnutls.p12 by certtool, java.p12 by keytool, rfc9579-a1.p12 from appendix A.1 of RFC 9579.

const folder = fileURLToPath(new URL('../../../test/fixtures/pkcs12/', import.meta.url));
const file = (name: string): Buffer => readFileSync(`${folder}${name}.p12`);
const read = (name: string, password?: string): Pkcs12 => readPkcs12(file(name), password, passwordCrypto);
const commonNames = (certificates: Pkcs12['chain']): (string | undefined)[] =>
  certificates.map(({ subject }) => nameAttribute(subject, 'CN'));

const whole = ['tsls test client', 'tsls test middle', 'tsls test root'];

function assertIdentity({ key, chain }: Pkcs12, names: readonly string[] = whole): void {
  assert.deepEqual(commonNames(chain), names);
  const privateKey = createPrivateKey({ key: Buffer.from(key!), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  assert.equal(spki.compare(chain[0]!.publicKey.spki), 0);
}

describe('PKCS #12 files', () => {
  const passwords: Readonly<Record<string, string>> = {
    'empty-password': '',
    'unicode-password': 'Grüße 😀',
    'rfc9579-a1': '1234',
  };
  const others: Readonly<Record<string, readonly string[]>> = {
    rsa: ['tsls test rsa'],
    'rfc9579-a1': ['tt'],
    gnutls: ['tsls test client'],
  };
  for (const entry of readdirSync(folder)) {
    const name = entry.replace('.p12', '');
    if (name === 'no-key') continue; // below
    it(`${name}: the key, and its certificate with those above it`, () => {
      assertIdentity(read(name, passwords[name] ?? 'secret'), others[name]);
    });
    it(`${name}: another password is refused`, () => {
      const message = name === 'no-mac' ? 'bad decrypt' : 'mac verify failure';
      assert.throws(() => read(name, 'Secret'), { name: 'Pkcs12Error', message });
    });
  }

  it('without a key have certificates alone, and without a password mean the empty one', () => {
    const { key, chain, others: certificates } = read('no-key', 'secret');
    assert.deepEqual([key, chain], [undefined, []]);
    assert.deepEqual(commonNames(certificates), ['tsls test root', 'tsls test middle']);
    assertIdentity(read('empty-password'));
    assert.throws(() => read('modern'), { message: 'mac verify failure' });
  });

  it('whose certificates lead elsewhere keep the rest apart', () => {
    assert.deepEqual(commonNames(read('gnutls', 'secret').others), ['tsls test root']);
  });

  it('that are cut off, or have a byte changed, are errors of ours or read the same', () => {
    const bytes = file('no-mac');
    for (let length = 0; length < bytes.length; length += 7) {
      assert.throws(() => readPkcs12(bytes.subarray(0, length), 'secret', passwordCrypto), DerError);
    }
    for (const name of ['no-mac', 'modern']) {
      const original = file(name);
      for (let at = 0; at < original.length; at += 3) {
        const changed = Buffer.from(original);
        changed[at]! ^= 0x11;
        try {
          readPkcs12(changed, 'secret', passwordCrypto);
        } catch (error) {
          assert.ok(error instanceof DerError || error instanceof Pkcs12Error, `${error} at ${at} of ${name}`);
        }
      }
    }
  });

  it('may not keep us busy for ever', () => {
    assert.equal(readIterations(new DerReader(derInteger(10_000_000))), 10_000_000);
    assert.throws(() => readIterations(new DerReader(derInteger(10_000_001))), Pkcs12Error);
    assert.throws(() => readIterations(new DerReader(derInteger(0))), Pkcs12Error);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe('what openssl on this machine writes', { skip: hasOpenssl ? false : 'there is no openssl' }, () => {
  const combinations = [
    ['-keypbe', 'AES-256-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha384'],
    ['-keypbe', 'AES-192-CBC', '-certpbe', 'DES-EDE3-CBC', '-macalg', 'sha224', '-iter', '3'],
    ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', '-nomaciter'],
    ['-keypbe', 'NONE', '-certpbe', 'AES-256-CBC'],
  ];
  for (const options of combinations) {
    it(options.join(' '), () => {
      const place = mkdtempSync(join(tmpdir(), 'tsls-'));
      try {
        const { key, chain } = read('modern', 'secret');
        const pem = (label: string, bytes: Uint8Array): string =>
          `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${label}-----\n`;
        const input = join(place, 'in.pem');
        writeFileSync(input, pem('PRIVATE KEY', key!) + chain.map((c) => pem('CERTIFICATE', c.der)).join(''));
        const args = ['pkcs12', '-export', '-in', input, '-passout', 'pass:another one', ...options];
        const { stdout, stderr } = spawnSync('openssl', args);
        assert.ok(stdout.length > 100, String(stderr));
        assertIdentity(readPkcs12(stdout, 'another one', passwordCrypto));
      } finally {
        rmSync(place, { recursive: true });
      }
    });
  }
});

describe('BER made DER', () => {
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
  const check = (ber: string, expected: string): void =>
    assert.equal(Buffer.from(normalizeBer(hex(ber))).toString('hex'), hex(expected).toString('hex'));

  it('has definite lengths, and in the fewest bytes', () => {
    check('30 80 02 01 05 00 00', '30 03 02 01 05');
    check('30 80 30 80 00 00 a0 80 02 01 05 00 00 00 00', '30 07 30 00 a0 03 02 01 05');
    check('30 82 00 04 02 81 01 05', '30 03 02 01 05');
  });
  it('has strings in one piece', () => {
    check('24 80 04 02 01 02 24 05 04 01 03 04 00 00 00', '04 03 01 02 03');
    check('24 00', '04 00');
    assert.throws(() => normalizeBer(hex('24 03 02 01 05')), DerError);
  });
  it('has no lengths that lie, no ends where none belong, and no depth without end', () => {
    for (const bad of [
      '',
      '30',
      '30 80',
      '30 80 02 01',
      '30 05 02 01 05',
      '04 80 00 00',
      '00 00',
      '30 02 00 00',
      '00 01 05',
    ]) {
      assert.throws(() => normalizeBer(hex(bad)), DerError, bad);
    }
    assert.throws(() => normalizeBer(hex('30 00 00')), DerError);
    assert.throws(() => normalizeBer(Buffer.concat(new Array<Buffer>(50_000).fill(hex('30 80')))), DerError);
    assert.throws(() => normalizeBer(Buffer.concat([hex('30 88'), Buffer.alloc(8, 0xff)])), DerError);
    assert.deepEqual(normalizeBer(der(0x30)), der(0x30));
  });
});
