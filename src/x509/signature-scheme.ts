import { SignatureScheme } from '../wire/code-points.ts';
import { readPssParameters } from './algorithm.ts';
import type { Certificate } from './certificate.ts';
import { type SignatureName, signatureNameOf } from './oids.ts';

const schemes: Partial<Record<SignatureName, number>> = {
  rsaSha1: SignatureScheme.rsaPkcs1Sha1,
  rsaSha224: 0x0301,
  rsaSha256: SignatureScheme.rsaPkcs1Sha256,
  rsaSha384: SignatureScheme.rsaPkcs1Sha384,
  rsaSha512: SignatureScheme.rsaPkcs1Sha512,
  ecdsaSha1: SignatureScheme.ecdsaSha1,
  ecdsaSha224: 0x0303,
  ecdsaSha256: SignatureScheme.ecdsaSecp256r1Sha256,
  ecdsaSha384: SignatureScheme.ecdsaSecp384r1Sha384,
  ecdsaSha512: SignatureScheme.ecdsaSecp521r1Sha512,
  ed25519: SignatureScheme.ed25519,
  ed448: SignatureScheme.ed448,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
};

/** The two schemes of each hash function: of an issuer with an rsaEncryption key, and with an RSASSA-PSS key. */
const pssSchemes = {
  sha256: [SignatureScheme.rsaPssRsaeSha256, SignatureScheme.rsaPssPssSha256, 32],
  sha384: [SignatureScheme.rsaPssRsaeSha384, SignatureScheme.rsaPssPssSha384, 48],
  sha512: [SignatureScheme.rsaPssRsaeSha512, SignatureScheme.rsaPssPssSha512, 64],
} as const;

/**
 * The TLS SignatureScheme with which a certificate is itself signed, for signature_algorithms_cert (RFC 8446
 * section 4.2.3); `undefined` where TLS has none for it. Throws `DerError` on malformed RSA-PSS parameters.
 *
 * A signature does not tell the issuer's key. So ECDSA is told by its hash alone (`ecdsa_secp256r1_sha256` for
 * SHA-256 on whatever curve); RSA-PSS is the `rsae` scheme unless `issuer`, or the certificate itself where it
 * is self-issued, has an RSASSA-PSS key.
 */
export function signatureSchemeOf(certificate: Certificate, issuer?: Certificate): number | undefined {
  const name = signatureNameOf(certificate.signatureAlgorithm.oid);
  if (name !== 'rsaPss') return name === undefined ? undefined : schemes[name];
  const { parameters } = certificate.signatureAlgorithm;
  if (parameters === undefined) return undefined;
  const { hash, maskHash, saltLength } = readPssParameters(parameters);
  if (hash !== 'sha256' && hash !== 'sha384' && hash !== 'sha512') return undefined;
  const [rsae, pss, digestLength] = pssSchemes[hash];
  // RFC 8446 section 4.2.3: the mask's hash is the signature's, the salt is as long as the digest.
  if (maskHash !== hash || saltLength !== digestLength) return undefined;
  const signer = issuer ?? (isSelfIssued(certificate) ? certificate : undefined);
  return signer?.publicKey.name === 'rsaPss' ? pss : rsae;
}

/** Whether issuer and subject are the same name, as in a root certificate (RFC 5280 section 3.2). */
export const isSelfIssued = (certificate: Certificate): boolean =>
  Buffer.compare(certificate.issuer.der, certificate.subject.der) === 0;
