import { namedFiniteFields } from '../crypto/finite-fields.ts';
import type { FiniteField } from '../crypto/provider.ts';
import type { Credential } from '../x509/credential.ts';
import { DerError, DerReader } from '../x509/der.ts';
import { decodePem, PemError } from '../x509/pem.ts';
import { nodeError } from './errors.ts';
import { primeBitsAtLevel } from './security-level.ts';

/** The largest prime that RFC 7919 has. */
const largestNamed = 8192;
/** Primes that take a client and us longer than this are worth no handshake; OpenSSL's limit, too. */
const largestTaken = 10_000;

/**
 * What `dhparam` means: the fields for TLS 1.2, best first, or `undefined` for none. `auto` is those of RFC 7919 that
 * are as long as our longest RSA key. As in Node, PEM that holds no parameters turns DHE off, with a warning. Throws
 * `ERR_INVALID_ARG_VALUE` and `ERR_SSL_DH_KEY_TOO_SMALL`.
 */
export function readFiniteFields(
  dhparam: string | NodeJS.ArrayBufferView | undefined | null,
  level: number,
  credentials: readonly Credential[],
): readonly FiniteField[] | undefined {
  if (dhparam === undefined || dhparam === null) return undefined;
  const least = primeBitsAtLevel(level);
  if (dhparam === 'auto') {
    const keys = credentials.map(({ signer }) => 8 * (signer.modulusLength ?? 0));
    return namedFiniteFields(Math.max(2048, least, Math.min(largestNamed, Math.max(...keys, 0))));
  }
  const field = readParameters(dhparam);
  if (field === undefined) {
    process.emitWarning('dhparam holds no DH PARAMETERS in PEM: there will be no DHE', 'SecurityWarning');
    return undefined;
  }
  checkLength(bitsOf(field.prime), least);
  return [field];
}

function checkLength(bits: number, least: number): void {
  if (bits < 1024) throw nodeError('ERR_INVALID_ARG_VALUE', 'DH parameter is less than 1024 bits', TypeError);
  if (bits < least) {
    const message = 'error:0A00018A:SSL routines::dh key too small';
    throw nodeError('ERR_SSL_DH_KEY_TOO_SMALL', message, Error, {
      library: 'SSL routines',
      reason: 'dh key too small',
    });
  }
  if (bits < 2048) process.emitWarning('DH parameter is less than 2048 bits', 'SecurityWarning');
}

/** PKCS #3: SEQUENCE { prime INTEGER, base INTEGER, … }; X9.42 begins alike. */
function readParameters(pem: string | NodeJS.ArrayBufferView): FiniteField | undefined {
  try {
    const text = typeof pem === 'string' ? pem : new Uint8Array(pem.buffer, pem.byteOffset, pem.byteLength);
    const block = decodePem(text).find(({ label }) => /^(?:X9\.42 )?DH PARAMETERS$/.test(label));
    if (block === undefined) return undefined;
    const parameters = new DerReader(block.der, 'DH parameters').sequence();
    const prime = unsigned(parameters.integer());
    const generator = unsigned(parameters.integer());
    const isUsable = (prime.at(-1)! & 1) === 1 && (generator.length > 1 || generator[0]! > 1);
    if (!isUsable || bitsOf(prime) > largestTaken) return undefined;
    // The order of a group without a name may be anything: the exponent is as long as it can be.
    return namedField(prime, generator) ?? { group: undefined, prime, generator, exponentLength: prime.length - 1 };
  } catch (error) {
    if (error instanceof PemError || error instanceof DerError) return undefined;
    throw error;
  }
}

/** The field of RFC 7919 that has these parameters. */
const namedField = (prime: Uint8Array, generator: Uint8Array): FiniteField | undefined =>
  namedFiniteFields(bitsOf(prime)).find(
    (field) => Buffer.compare(field.prime, prime) === 0 && Buffer.compare(field.generator, generator) === 0,
  );

/** A positive INTEGER's bytes, without the sign. */
const unsigned = (integer: Uint8Array): Uint8Array => integer.slice(integer[0] === 0 && integer.length > 1 ? 1 : 0);

const bitsOf = (number: Uint8Array): number => 8 * number.length - Math.clz32(number[0]!) + 24;
