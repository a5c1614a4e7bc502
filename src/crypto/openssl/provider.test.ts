import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TlsAlert } from '../../wire/alert.ts';
import { NamedGroup, SignatureScheme } from '../../wire/code-points.ts';
import { type AeadName, aeadShapes } from '../cipher-suites.ts';
import { nodeCrypto } from '../node/provider.ts';
import { loadOpenssl, type OpensslCrypto } from './provider.ts';

const attempt = loadOpenssl();
const skip = 'reason' in attempt ? `OpenSSL cannot be called directly here: ${attempt.reason}` : false;
const provider = (attempt as { provider: OpensslCrypto }).provider;

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');
const below = (limit: number): number => Math.floor(Math.random() * limit);
const none = new Uint8Array();
const aeads: readonly AeadName[] = [
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
  'AEAD_CHACHA20_POLY1305',
  'AEAD_AES_128_CCM',
];

describe('the OpenSSL provider does what node:crypto does', { skip }, () => {
  for (const name of aeads) {
    it(name, () => {
      const { keyLength, tagLength } = aeadShapes[name];
      for (let key = 0; key < 12; key++) {
        const bytes = randomBytes(keyLength);
        const [ours, reference] = [provider.aead(name, bytes), nodeCrypto.aead(name, bytes)];
        // Many records by each key: its context is used again, in both directions in turns.
        for (let i = 0; i < 30; i++) {
          const content = randomBytes(below(i % 3 === 0 ? 20_000 : 300));
          const trailer = randomBytes(1 + below(40));
          const additionalData = randomBytes(1 + below(40));
          const nonce = randomBytes(12);
          const at = below(9);
          const end = at + content.length + trailer.length + tagLength;
          const out = [new Uint8Array(end + 5).fill(7), new Uint8Array(end + 5).fill(7)] as const;
          assert.equal(ours.seal(nonce, additionalData, content, trailer, out[0], at), end);
          assert.equal(reference.seal(nonce, additionalData, content, trailer, out[1], at), end);
          assert.equal(hex(out[0]), hex(out[1]), 'nothing else was written either');
          const plain = `${hex(content)}${hex(trailer)}`;
          assert.equal(hex(ours.open(nonce, additionalData, out[1], at, end)), plain);
          assert.equal(hex(out[0]), hex(out[1]), 'the input is left as it was');
          const forged = Uint8Array.from(out[0]);
          forged[at + below(end - at)]! ^= 1 << below(8);
          assert.equal(ours.open(nonce, additionalData, forged, at, end), undefined);
          assert.equal(ours.open(nonce, randomBytes(3), out[0], at, end), undefined);
          assert.equal(ours.open(nonce, additionalData, out[0], at, at + below(tagLength)), undefined);
        }
        ours.release();
      }
    });
  }

  it('HMAC', () => {
    for (let i = 0; i < 500; i++) {
      const [key, message] = [randomBytes((i * 37) % 140), randomBytes((i * 53) % 300)];
      for (const name of ['sha256', 'sha384'] as const) {
        const expected = nodeCrypto.hmac(name, key, message);
        assert.equal(hex(provider.hmac(name, key, message)), hex(expected));
        assert.equal(hex(provider.publicHmac(name, key, message)), hex(expected));
        const length = i % expected.length;
        assert.equal(
          hex(provider.hmac(name, key, message, length)),
          hex(expected.subarray(0, length)),
          'its first bytes',
        );
      }
    }
  });

  it('the hash of a transcript', () => {
    for (const name of ['sha256', 'sha384'] as const) {
      // Several at a time, which take the place of each other, and copies that go on by themselves.
      const pairs = Array.from({ length: 4 }, () => [provider.hash(name), nodeCrypto.hash(name)] as const);
      for (let i = 0; i < 400; i++) {
        const [ours, reference] = pairs[below(pairs.length)]!;
        const bytes = randomBytes(below(i % 50 === 0 ? 5000 : 300));
        for (const hash of [ours, reference]) hash.update(bytes);
        if (i % 3 === 0) assert.equal(hex(ours.digest()), hex(reference.digest()));
        if (i % 7 === 0) pairs[below(pairs.length)] = [ours.copy(), reference.copy()];
      }
      for (const [ours, reference] of pairs) assert.equal(hex(ours.digest()), hex(reference.digest()));
      assert.equal(hex(provider.hash(name).digest()), hex(nodeCrypto.digest(name, none)));
    }
  });

  it('ECDSA, with P-256 and SHA-256 alone', () => {
    const scheme = SignatureScheme.ecdsaSecp256r1Sha256;
    for (let i = 0; i < 8; i++) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const verifier = nodeCrypto.publicKey(publicKey.export({ type: 'spki', format: 'der' }))!;
      for (let length = 0; length < 600; length += 37) {
        const message = randomBytes(length);
        const signature = provider.sign!(privateKey, scheme, message);
        assert.equal(signature === undefined, length > 512);
        if (signature) assert.ok(verifier.verify(scheme, message, signature));
      }
    }
    const others = [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      generateKeyPairSync('ed25519').privateKey,
    ];
    for (const key of [...others, ...others]) assert.equal(provider.sign!(key, scheme, none), undefined);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    assert.equal(provider.sign!(privateKey, SignatureScheme.ecdsaSecp384r1Sha384, none), undefined);
  });

  it('X25519', () => {
    const ours = provider.keyAgreement(NamedGroup.x25519)!;
    for (let i = 0; i < 50; i++) {
      const client = nodeCrypto.keyAgreement(NamedGroup.x25519)!.generate!();
      // Some clients set the bit that is to be ignored (RFC 7748 section 5).
      const theirs = Uint8Array.from(client.share);
      if (i % 2) theirs[31]! |= 0x80;
      const { share, secret } = ours.respond(theirs);
      assert.equal(hex(client.derive(share)), hex(secret));
      // Keys that are kept, with others made and used meanwhile.
      const kept = ours.generate!();
      const other = ours.generate!();
      other.derive(theirs);
      assert.equal(hex(client.derive(kept.share)), hex(kept.derive(theirs)));
      for (const key of [kept, other]) {
        key.release();
        assert.throws(() => key.derive(theirs), /released/);
      }
    }
    const shares = Array.from({ length: 50 }, () => [ours.respond(randomBytes(32)), ours.generate!()]).flat();
    assert.equal(new Set(shares.map(({ share }) => hex(share))).size, 100);
  });

  it('X25519 refuses shares that are none', () => {
    const { respond, generate } = provider.keyAgreement(NamedGroup.x25519)!;
    const isIllegal = (error: unknown): boolean => error instanceof TlsAlert && error.alert === 'illegalParameter';
    for (const length of [0, 31, 33]) assert.throws(() => respond(new Uint8Array(length)), isIllegal);
    assert.throws(() => respond(new Uint8Array(32)), isIllegal, 'a point of small order');
    assert.throws(() => respond(Uint8Array.of(1, ...new Uint8Array(31))), isIllegal, 'another');
    const kept = generate!();
    for (const share of [new Uint8Array(31), new Uint8Array(32)]) assert.throws(() => kept.derive(share), isIllegal);
    assert.equal(respond(randomBytes(32)).secret.length, 32, 'and goes on working');
    assert.equal(kept.derive(randomBytes(32)).length, 32, 'the kept one too');
  });
});

describe('the OpenSSL provider checks what C would not', { skip }, () => {
  const aead = () => provider.aead('AEAD_AES_128_GCM', new Uint8Array(16));
  const nonce = new Uint8Array(12);

  it('room for the record', () => {
    for (const [length, at] of [
      [31, 0],
      [32, 1],
      [32, -1],
      [64, 0.5],
      [64, Number.NaN],
      [0, 0],
    ] as const) {
      const out = new Uint8Array(length);
      assert.throws(() => aead().seal(nonce, none, new Uint8Array(16), none, out, at), RangeError);
      assert.equal(hex(out), hex(new Uint8Array(length)), 'nothing was written');
    }
    assert.equal(aead().seal(nonce, none, new Uint8Array(16), none, new Uint8Array(32), 0), 32);
  });

  it('the record to open', () => {
    const buffer = new Uint8Array(40);
    for (const [start, end] of [
      [-1, 40],
      [0, 41],
      [0.5, 40],
      [0, Number.NaN],
    ] as const) {
      assert.throws(() => aead().open(nonce, none, buffer, start, end), RangeError);
    }
    assert.equal(aead().open(nonce, none, buffer, 30, 20), undefined);
  });

  it('lengths of keys, nonces and additional data', () => {
    for (const length of [0, 15, 17, 32])
      assert.throws(() => provider.aead('AEAD_AES_128_GCM', new Uint8Array(length)), RangeError);
    const out = new Uint8Array(16);
    for (const length of [0, 11, 13])
      assert.throws(() => aead().seal(new Uint8Array(length), none, none, none, out, 0), RangeError);
    assert.throws(() => aead().seal(nonce, new Uint8Array(257), none, none, out, 0), RangeError);
  });

  it('a buffer that lies about its length, or was taken away', () => {
    const liar = Object.defineProperty(new Uint8Array(10), 'length', { value: 100_000 });
    assert.throws(() => aead().seal(nonce, none, liar, none, new Uint8Array(100_016), 0), RangeError);
    const key = aead();
    const out = new Uint8Array(64);
    key.seal(nonce, none, none, none, out, 0);
    structuredClone(out, { transfer: [out.buffer] });
    assert.throws(() => key.seal(nonce, none, none, none, out, 0), RangeError);
  });

  for (const { name, maker } of [
    { name: 'openssl', maker: () => aead() },
    { name: 'node:crypto', maker: () => nodeCrypto.aead('AEAD_AES_128_GCM', new Uint8Array(16)) },
  ]) {
    it(`a key that was released (${name})`, () => {
      const key = maker();
      const out = new Uint8Array(32);
      key.seal(nonce, none, none, none, out, 0);
      key.release();
      key.release();
      assert.throws(() => key.seal(nonce, none, none, none, out, 0), /after it was released/);
      assert.throws(() => key.open(nonce, none, out, 0, 32), /after it was released/);
    });
  }
});

describe('the cipher contexts of the OpenSSL provider', { skip }, () => {
  it('come back when a key is released, and are used again', () => {
    const before = { ...countContexts() };
    for (let i = 0; i < 2000; i++) {
      const key = provider.aead('AEAD_AES_256_GCM', randomBytes(32));
      const record = new Uint8Array(17);
      key.seal(new Uint8Array(12), none, none, Uint8Array.of(23), record, 0);
      assert.ok(key.open(new Uint8Array(12), none, record, 0, 17));
      assert.equal(provider.contexts.inUse, before.inUse + 1);
      key.release();
    }
    assert.equal(provider.contexts.inUse, before.inUse);
    assert.ok(provider.contexts.kept <= before.kept + 1, `${provider.contexts.kept} are kept`);
  });

  it('are not taken by keys that are never used', () => {
    const { inUse } = countContexts();
    const keys = Array.from({ length: 20 }, () => provider.aead('AEAD_AES_128_GCM', new Uint8Array(16)));
    assert.equal(provider.contexts.inUse, inUse);
    for (const key of keys) key.release();
    assert.equal(provider.contexts.inUse, inUse);
  });

  it('are lent to who needs them by who does not, and the keys in them work on', () => {
    const before = countContexts();
    const keys = Array.from({ length: 3000 }, () => provider.aead('AEAD_CHACHA20_POLY1305', randomBytes(32)));
    const nonce = randomBytes(12);
    const records = keys.map((key, i) => {
      const record = new Uint8Array(20);
      key.seal(nonce, none, Uint8Array.of(i >> 8, i, 23), none, record, 0);
      return record.subarray(0, 19);
    });
    const { inUse } = provider.contexts;
    assert.ok(inUse > before.inUse && inUse <= before.inUse + 1024, `${inUse} are in use`);
    for (let i = 0; i < 1500; i++) keys[i]!.release(); // whose contexts others have by now
    for (let i = 1500; i < 3000; i++) {
      assert.deepEqual([...(keys[i]!.open(nonce, none, records[i]!, 0, 19) ?? [])], [i >> 8, i & 255, 23]);
      assert.equal(keys[i]!.open(nonce, none, records[i - 1]!, 0, 19), undefined);
    }
    for (const key of keys) key.release();
    assert.throws(() => keys[0]!.open(nonce, none, records[0]!, 0, 19), /released/);
    assert.equal(provider.contexts.inUse, before.inUse);
  });

  it('change direction with a key that goes both ways', () => {
    const key = provider.aead('AEAD_AES_128_GCM', randomBytes(16));
    for (let i = 0; i < 4; i++) {
      const record = new Uint8Array(17);
      key.seal(new Uint8Array(12), none, none, Uint8Array.of(i), record, 0);
      assert.deepEqual([...(key.open(new Uint8Array(12), none, record, 0, 17) ?? [])], [i]);
    }
    key.release();
  });

  const countContexts = () => ({ inUse: provider.contexts.inUse, kept: provider.contexts.kept });
});

it('the OpenSSL provider loads in threads beside this one', { skip }, async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(({ loadOpenssl }) => {
      const { provider } = loadOpenssl();
      parentPort.postMessage(Buffer.from(provider.hmac('sha256', Buffer.from('k'), Buffer.from('m'))).toString('hex'));
    });`;
  const workerData = new URL('./provider.js', import.meta.url).href;
  const answers = await Promise.all(
    Array.from({ length: 3 }, () => {
      const worker = new Worker(program, { eval: true, workerData });
      return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    }),
  );
  const expected = hex(nodeCrypto.hmac('sha256', Buffer.from('k'), Buffer.from('m')));
  assert.deepEqual(answers, [expected, expected, expected]);
});
