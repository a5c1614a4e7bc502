import { type AlgorithmIdentifier, type PssParameters, readAlgorithm, readPssParameters } from './algorithm.ts';
import { DerReader, DerTag } from './der.ts';
import { type CurveName, curveNameOf, type PublicKeyName, publicKeyNameOf } from './oids.ts';

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1). */
export interface PublicKeyInfo {
  /** The whole structure in DER, as `createPublicKey({ format: 'der', type: 'spki' })` takes it. */
  readonly spki: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  /** The algorithm by name, or `undefined` where we do not know it. */
  readonly name: PublicKeyName | undefined;
  /** The named curve of an EC key; `undefined` for other keys, unknown curves and explicit parameters. */
  readonly curve: CurveName | undefined;
  /** What an RSASSA-PSS key is limited to; `undefined` where it is not, and for other keys. */
  readonly pss: PssParameters | undefined;
  /** The length of an RSA modulus in bits; `undefined` for other keys. */
  readonly modulusLength: number | undefined;
  /** The bytes of the subjectPublicKey. */
  readonly key: Uint8Array;
}

/** Reads a SubjectPublicKeyInfo. Throws `DerError`. */
export function readPublicKeyInfo(reader: DerReader): PublicKeyInfo {
  const whole = reader.expect(DerTag.sequence);
  const fields = reader.inside(whole, 'public key');
  const algorithm = readAlgorithm(fields);
  const { bytes, unused } = fields.bitString();
  if (unused !== 0) fields.fail('a key of no whole bytes');
  const name = publicKeyNameOf(algorithm.oid);
  const { parameters } = algorithm;
  const namesCurve = name === 'ec' && parameters?.[0] === DerTag.oid;
  return fields.end({
    spki: whole.whole,
    algorithm,
    name,
    curve: namesCurve ? curveNameOf(new DerReader(parameters, 'curve').oid()) : undefined,
    pss: name === 'rsaPss' && parameters?.[0] === DerTag.sequence ? readPssParameters(parameters) : undefined,
    modulusLength: name === 'rsa' || name === 'rsaPss' ? modulusLengthOf(bytes) : undefined,
    key: bytes,
  });
}

// RFC 8017 appendix A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
function modulusLengthOf(key: Uint8Array): number {
  const reader = new DerReader(key, 'RSA public key');
  const fields = reader.end(reader.sequence());
  const modulus = fields.integer();
  fields.integer();
  fields.end(undefined);
  const significant = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  return significant.length === 0 ? 0 : 8 * significant.length - (Math.clz32(significant[0]!) - 24);
}
