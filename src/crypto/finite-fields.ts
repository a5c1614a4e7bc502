import type { FiniteField } from './provider.ts';

interface NamedField {
  readonly group: number;
  readonly bits: number;
  /** What makes the prime a safe one. */
  readonly constant: number;
  /** Bytes of an exponent that is as strong as the field. */
  readonly exponentLength: number;
}

/** RFC 7919 appendix A. */
const named: readonly NamedField[] = [
  { group: 0x0100, bits: 2048, constant: 560_316, exponentLength: 29 },
  { group: 0x0101, bits: 3072, constant: 2_625_351, exponentLength: 35 },
  { group: 0x0102, bits: 4096, constant: 5_736_041, exponentLength: 41 },
  { group: 0x0103, bits: 6144, constant: 15_705_020, exponentLength: 47 },
  { group: 0x0104, bits: 8192, constant: 10_965_728, exponentLength: 50 },
];

/** The fields of RFC 7919 whose primes have at least so many bits, the smallest first. */
export const namedFiniteFields = (leastBits: number): readonly FiniteField[] =>
  named.filter(({ bits }) => bits >= leastBits).map(fieldOf);

const known = new Map<number, FiniteField>();

/** p = 2^b - 2^(b-64) + ([2^(b-130) e] + X) 2^64 - 1, and g = 2. */
function fieldOf({ group, bits, constant, exponentLength }: NamedField): FiniteField {
  let field = known.get(group);
  if (field === undefined) {
    const b = BigInt(bits);
    const middle = eTimes2To(bits - 130) + BigInt(constant);
    const prime = (1n << b) - (1n << (b - 64n)) + (middle << 64n) - 1n;
    const bytes = Uint8Array.from(prime.toString(16).match(/../g)!, (byte) => Number.parseInt(byte, 16));
    field = { group, prime: bytes, generator: Uint8Array.of(2), exponentLength };
    known.set(group, field);
  }
  return field;
}

/** The integral part of 2^exponent e, by the series of 1/n!, with 64 bits more for what its terms lose. */
function eTimes2To(exponent: number): bigint {
  let sum = 0n;
  let term = 1n << BigInt(exponent + 64);
  for (let n = 1n; term > 0n; n++) {
    sum += term;
    term /= n;
  }
  return sum >> 64n;
}
