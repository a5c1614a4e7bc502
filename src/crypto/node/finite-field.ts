import * as crypto from 'node:crypto';
import { fail } from '../../wire/alert.ts';
import type { EphemeralKey, FiniteField } from '../provider.ts';

/**
 * A machine for each field, into which one exponent after another is put: to make one has OpenSSL test the prime, which
 * takes a fifth of a second for a field that it does not know by name.
 */
const machines = new WeakMap<FiniteField, crypto.DiffieHellman>();

function machineFor(field: FiniteField): crypto.DiffieHellman {
  let machine = machines.get(field);
  if (machine === undefined) {
    machine = crypto.createDiffieHellman(field.prime, field.generator);
    machines.set(field, machine);
  }
  return machine;
}

/** A key of a finite field. Its exponent is random and used for one handshake. */
export function finiteFieldKey(field: FiniteField): EphemeralKey {
  const { prime, exponentLength } = field;
  const machine = machineFor(field);
  const exponent = crypto.randomBytes(exponentLength);
  exponent[0]! |= 0x80; // not short by chance
  machine.setPrivateKey(exponent);
  return {
    share: withLeadingZeros(machine.generateKeys(), prime.length),
    derive(peerShare) {
      const peer = withoutLeadingZeros(peerShare);
      // RFC 7919 section 5.1: what is not between 1 and p - 1 leaves no secret, or one of two values.
      if (!isBetweenOneAndLast(peer, prime)) badShare('is not between 1 and p - 1');
      machine.setPrivateKey(exponent);
      let secret: Buffer;
      try {
        secret = machine.computeSecret(peer);
      } catch {
        return badShare('is not of the group');
      }
      return withoutLeadingZeros(secret);
    },
    release: () => void exponent.fill(0),
  };
}

function badShare(why: string): never {
  fail('illegalParameter', `the client's Diffie-Hellman value ${why}`, 'BAD_DH_VALUE');
}

/** Whether 1 < `value` < `prime` - 1; both without leading zeros. */
function isBetweenOneAndLast(value: Uint8Array, prime: Uint8Array): boolean {
  if (value.length === 0 || (value.length === 1 && value[0] === 1)) return false;
  if (value.length !== prime.length) return value.length < prime.length;
  // A prime is odd: its last byte has room for the one that is taken off.
  const last = Uint8Array.from(prime);
  last[last.length - 1]! -= 1;
  return Buffer.compare(value, last) < 0;
}

/** As long as the prime, as TLS 1.3 has it (RFC 8446 section 4.2.8.1): TLS 1.2 leaves it open, and some peers take no less. */
function withLeadingZeros(share: Buffer, length: number): Uint8Array {
  if (share.length === length) return share;
  const padded = new Uint8Array(length);
  padded.set(share, length - share.length);
  return padded;
}

/** RFC 5246 section 8.1.2: leading bytes of zeros are no part of the secret. */
function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let zeros = 0;
  while (bytes[zeros] === 0) zeros++;
  return zeros === 0 ? bytes : bytes.subarray(zeros);
}
