import assert from 'node:assert/strict';
import { createPrivateKey, ECDH, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { it } from 'node:test';
import { createSecureContext } from '../../src/index.ts';
import { contextTag } from '../../src/x509/der.ts';
import { der, derBitString, derInteger, derOctetString, derOid, derSequence } from '../../src/x509/der-writer.ts';
import { CurveOid } from '../../src/x509/oids.ts';
import { makeCertificate, pemOf, testKey, testName } from '../support/certificate-maker.ts';
import { identity } from '../support/identities.ts';
import { connect, listen } from '../support/tls-pair.ts';

/** The same key on P-256, whose public half is written as a compressed point (RFC 5480 section 2.2, RFC 5915). */
function compressed(key: KeyObject): KeyObject {
  const { d, x, y } = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url');
  const point = Buffer.concat([Buffer.of(4), bytes(x), bytes(y)]);
  const short = ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
  const sec1 = derSequence(
    derInteger(1),
    derOctetString(bytes(d)),
    der(contextTag(0), derOid(CurveOid.secp256r1)),
    der(contextTag(1), derBitString(short)),
  );
  return createPrivateKey({ key: Buffer.from(sec1), format: 'der', type: 'sec1' });
}

it('keys and certificates of several kinds find each other, and leave OpenSSL no error behind', () => {
  const kinds = ['p256', 'rsa', 'ed25519'] as const;
  const made = kinds.map((kind) => identity(kind));
  const options = { key: made.map(({ key }) => key), cert: made.map(({ cert }) => cert).toReversed() };
  createSecureContext(options);
  assert.equal(createPrivateKey(made[0]!.key).asymmetricKeyType, 'ec');
});

it('a certificate with a compressed point goes with its key, however that is written', async () => {
  const key = testKey('p256', 1);
  const pemOfKey = (object: KeyObject): string => object.export({ type: 'pkcs8', format: 'pem' }) as string;
  for (const written of [key, compressed(key)]) {
    for (const shown of [key, compressed(key)]) {
      const certificate = makeCertificate({ key: shown, subject: testName({ CN: 'localhost' }) });
      assert.equal(certificate.publicKey.key.length, shown === key ? 65 : 33);
      const options = { key: pemOfKey(written), cert: pemOf(certificate) };
      await using at = await listen(options);
      const accepted = at.nextSocket();
      const socket = await connect(at.port, { ca: options.cert });
      assert.equal(socket.authorized, true);
      await accepted;
      socket.end();
      await once(socket, 'close');
      const other = { ...options, key: pemOfKey(compressed(testKey('p256', 2))) };
      assert.throws(() => createSecureContext(other), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' });
    }
  }
});
