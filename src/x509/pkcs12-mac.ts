import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { DerReader } from './der.ts';
import { type HashName, hashNameOf } from './oids.ts';
import type { PasswordCrypto } from './password-crypto.ts';
import { derivePbkdf2Key, hashOfHmac, Pkcs12Error, readIterations } from './password-encryption.ts';
import { derivePkcs12Key, KeyPurpose, passwordForPkcs12 } from './pkcs12-kdf.ts';

const pbmac1 = '1.2.840.113549.1.5.14';

const digestLengths: Readonly<Record<HashName, number>> = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 };

/**
 * Whether the MAC of a PKCS #12 file is right (RFC 7292 section 4, MacData; RFC 9579 for PBMAC1). Throws `Pkcs12Error`
 * for algorithms that we do not know, and `DerError` where it is malformed.
 */
export function verifyMac(mac: DerReader, bytes: Uint8Array, password: string, crypto: PasswordCrypto): boolean {
  const digestInfo = mac.sequence();
  const algorithm = readAlgorithm(digestInfo);
  const expected = digestInfo.end(digestInfo.octetString());
  const salt = mac.octetString();
  if (algorithm.oid === pbmac1) return verifyPbmac1(algorithm, expected, bytes, password, crypto);
  const hash = hashNameOf(algorithm.oid);
  if (hash === undefined) throw new Pkcs12Error(`unknown digest ${algorithm.oid} in the MAC`);
  const iterations = mac.end(mac.done ? 1 : readIterations(mac));
  const length = digestLengths[hash];
  return passwordForPkcs12(password).some((text) => {
    const derivation = { hash, password: text, salt, iterations, purpose: KeyPurpose.mac, length };
    return crypto.equal(crypto.hmac(hash, derivePkcs12Key(derivation, crypto), bytes), expected);
  });
}

// RFC 8018 appendix A.5: PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme }. RFC 9579 section 4: the
// salt and iterations beside it count for nothing, and the length of the key must be told.
function verifyPbmac1(
  { parameters }: AlgorithmIdentifier,
  expected: Uint8Array,
  bytes: Uint8Array,
  password: string,
  crypto: PasswordCrypto,
): boolean {
  const fields = new DerReader(parameters ?? new Uint8Array(), 'PBMAC1 parameters').sequence();
  const derivation = readAlgorithm(fields);
  const hash = fields.end(hashOfHmac(readAlgorithm(fields)));
  const key = derivePbkdf2Key(derivation, Buffer.from(password, 'utf8'), digestLengths[hash], crypto);
  return crypto.equal(crypto.hmac(hash, key, bytes), expected);
}
