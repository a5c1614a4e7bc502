import assert from 'node:assert/strict';
import * as crypto from 'node:crypto';
import { describe, it } from 'node:test';
import { namedFiniteFields } from '../finite-fields.ts';
import type { FiniteField } from '../provider.ts';
import { finiteFieldKey } from './finite-field.ts';

const bigint = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytes = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');

/** A field of Oakley, small enough to try often. */
const oakley = crypto.getDiffieHellman('modp1');
const small: FiniteField = {
  group: undefined,
  prime: oakley.getPrime(),
  generator: oakley.getGenerator(),
  exponentLength: oakley.getPrime().length - 1,
};

describe('finite fields', () => {
  it('those of RFC 7919 are safe primes between borders of ones, as appendix A has them', () => {
    const fields = namedFiniteFields(0);
    assert.deepEqual(
      fields.map(({ group, prime }) => [group, 8 * prime.length]),
      [
        [0x0100, 2048],
        [0x0101, 3072],
        [0x0102, 4096],
        [0x0103, 6144],
        [0x0104, 8192],
      ],
    );
    for (const { prime } of fields) {
      assert.equal(Buffer.from(prime.subarray(0, 16)).toString('hex'), 'ffffffffffffffffadf85458a2bb4a9a');
      assert.deepEqual(Buffer.from(prime.subarray(-8)), Buffer.alloc(8, 0xff));
    }
    assert.equal(Buffer.from(fields[0]!.prime.subarray(-16, -8)).toString('hex'), '886b423861285c97');
    const p = bigint(fields[0]!.prime);
    assert.ok(crypto.checkPrimeSync(p, { checks: 4 }) && crypto.checkPrimeSync((p - 1n) / 2n, { checks: 4 }));
    assert.deepEqual(
      namedFiniteFields(3073).map(({ group }) => group),
      [0x0102, 0x0103, 0x0104],
    );
  });

  it('both sides have the same secret, also when several keys are at work at once', () => {
    for (const field of [...namedFiniteFields(0).slice(0, 3), small]) {
      const peers = [1, 2].map(() => crypto.createDiffieHellman(field.prime, field.generator));
      const keys = peers.map(() => finiteFieldKey(field));
      const shares = peers.map((peer) => peer.generateKeys());
      assert.notDeepEqual(keys[0]!.share, keys[1]!.share);
      for (const i of [0, 1]) {
        const secret = bigint(keys[i]!.derive(shares[i]!));
        assert.equal(secret, bigint(peers[i]!.computeSecret(keys[i]!.share)));
      }
    }
  });

  it('leading zeros are no part of a secret, and none of what a share is', () => {
    let shortest = Number.POSITIVE_INFINITY;
    const peer = crypto.createDiffieHellman(small.prime, small.generator);
    const share = peer.generateKeys();
    for (let i = 0; i < 5000 && shortest === Number.POSITIVE_INFINITY; i++) {
      const key = finiteFieldKey(small);
      const secret = key.derive(Buffer.concat([Buffer.alloc(3), share]));
      assert.notEqual(secret[0], 0);
      if (secret.length < small.prime.length) shortest = secret.length;
    }
    assert.ok(shortest < small.prime.length);
  });

  it('a share is as long as the prime, leading zeros and all', () => {
    let zeros = 0;
    for (let i = 0; i < 5000 && zeros === 0; i++) {
      const { share } = finiteFieldKey(small);
      assert.equal(share.length, small.prime.length);
      if (share[0] === 0) zeros++;
    }
    assert.equal(zeros, 1);
  });

  it('a share that is not between 1 and p - 1 is illegal', () => {
    const p = bigint(small.prime);
    const { length } = small.prime;
    const shares = [
      new Uint8Array(),
      Buffer.alloc(length),
      ...[0n, 1n, p - 1n, p, p + 1n].map((v) => bytes(v, length)),
    ];
    for (const share of [...shares, bytes(1n, 1), bytes(2n, length + 3).fill(1)]) {
      assert.throws(() => finiteFieldKey(small).derive(share), { alert: 'illegalParameter', code: 'BAD_DH_VALUE' });
    }
    for (const share of [2n, p - 2n]) assert.ok(finiteFieldKey(small).derive(bytes(share, length)).length > 0);
  });
});
