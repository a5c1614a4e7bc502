import type { Certificate } from './certificate.ts';
import { DerError } from './der.ts';
import { isSameName } from './distinguished-name.ts';
import {
  type BasicOcspResponse,
  type CertificateId,
  nonceOf,
  type OcspAnswer,
  type OcspCrypto,
  type OcspResponse,
  readOcspResponse,
} from './ocsp.ts';
import { ExtensionOid, hashNameOf, OcspOid, PurposeOid } from './oids.ts';
import type { PublicKeyInfo } from './public-key.ts';
import { readSignatureMethod } from './signature-method.ts';
import { isValidAt, type Signed } from './verification/context.ts';
import { mayHaveIssued, sameBytes } from './verification/issuance.ts';

/** How a response is judged. */
export interface OcspOptions {
  /** The certificate that was asked about, and its issuer, whom we trust. */
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly crypto: OcspCrypto;
  readonly time: Date;
  /** The nonce that was sent, if one was. A response with another one is refused. */
  readonly nonce?: Uint8Array;
  /** Whether a response without the nonce is refused; by default not, since many responders have none. */
  readonly nonceRequired?: boolean;
  /** How far the responder's clock may be off, in milliseconds. By default five minutes. */
  readonly tolerance?: number;
  /** How old an answer without nextUpdate may be, in milliseconds. By default a day. */
  readonly maxAge?: number;
}

/** What came of it. */
export type OcspVerdict =
  | {
      readonly trusted: true;
      /** What the responder says of the certificate. */
      readonly answer: OcspAnswer;
      readonly producedAt: Date;
    }
  | { readonly trusted: false; readonly reason: string };

/**
 * Judges an OCSP response in DER (RFC 6960 section 3.2): whether it is about the certificate, signed by its issuer or by
 * a responder whom the issuer has named for that, current, and with the nonce. Throws nothing.
 *
 * A responder's certificate is not looked up for revocation itself, whether or not it has id-pkix-ocsp-nocheck.
 */
export function verifyOcspResponse(bytes: Uint8Array, options: OcspOptions): OcspVerdict {
  const refuse = (reason: string): OcspVerdict => ({ trusted: false, reason });
  let response: OcspResponse;
  try {
    response = readOcspResponse(bytes);
    if (response.status !== 'successful') return refuse(`the responder says ${response.status}`);
    const { basic } = response;
    const unknown = [...basic.extensions, ...basic.answers.flatMap(({ extensions }) => extensions)].find(
      ({ critical, oid }) => critical && oid !== OcspOid.nonce,
    );
    if (unknown) return refuse(`extension ${unknown.oid} is critical and unknown`);
    const nonceFault = faultOfNonce(basic, options);
    if (nonceFault) return refuse(nonceFault);
    const answers = basic.answers.filter(({ id }) => isAbout(id, options));
    if (answers.length === 0) return refuse('the response is about other certificates');
    const signatureFault = faultOfSignature(basic, options);
    if (signatureFault) return refuse(signatureFault);
    // Of several answers the worst counts.
    const answer = answers.find(({ status }) => status === 'revoked') ?? answers[0]!;
    const timeFault = faultOfTime(answer, options);
    if (timeFault) return refuse(timeFault);
    return { trusted: true, answer, producedAt: basic.producedAt };
  } catch (error) {
    if (error instanceof DerError) return refuse(error.message);
    throw error;
  }
}

function faultOfNonce(basic: BasicOcspResponse, { nonce, nonceRequired }: OcspOptions): string | undefined {
  if (nonce === undefined) return undefined;
  const repeated = nonceOf(basic);
  if (repeated === undefined) return nonceRequired ? 'the response has no nonce' : undefined;
  return sameBytes(repeated, nonce) ? undefined : 'the response has another nonce';
}

/** Whether an identifier is the certificate's, in the hash function that it has. */
function isAbout(id: CertificateId, { certificate, issuer, crypto }: OcspOptions): boolean {
  const hash = hashNameOf(id.hashAlgorithm.oid);
  return (
    hash !== undefined &&
    sameBytes(id.serial, certificate.serial) &&
    sameBytes(id.issuerNameHash, crypto.hash(hash, certificate.issuer.der)) &&
    sameBytes(id.issuerKeyHash, crypto.hash(hash, issuer.publicKey.key))
  );
}

/** Most certificates tried of those that could be the responder's. */
const mostResponders = 3;

/** Why nobody who may has signed a response (RFC 6960 section 4.2.2.2); `undefined` where somebody has. */
function faultOfSignature(basic: BasicOcspResponse, options: OcspOptions): string | undefined {
  const { issuer, crypto } = options;
  const candidates = [issuer, ...basic.certificates].filter((candidate) => isResponder(candidate, basic, crypto));
  if (candidates.length === 0) return 'the certificate of the responder is not there';
  const signer = candidates.slice(0, mostResponders).find(({ publicKey }) => isSignedBy(basic, publicKey, crypto));
  if (signer === undefined) return 'the signature on the response is wrong';
  return signer === issuer ? undefined : faultOfDelegate(signer, options);
}

function isSignedBy(signed: Signed, key: PublicKeyInfo, crypto: OcspCrypto): boolean {
  const method = readSignatureMethod(signed.signatureAlgorithm);
  if (method === undefined || key.name === undefined || !method.keys.includes(key.name)) return false;
  return crypto.verify(key, method, signed.tbs, signed.signature) === true;
}

/** Whether a certificate is the responder's by its own words. RFC 6960 section 4.2.1: the hash is always SHA-1. */
function isResponder(certificate: Certificate, { responder }: BasicOcspResponse, crypto: OcspCrypto): boolean {
  return 'name' in responder
    ? isSameName(certificate.subject, responder.name)
    : sameBytes(responder.keyHash, crypto.hash('sha1', certificate.publicKey.key));
}

/** Extensions of a responder's certificate that may be critical. */
const handled: ReadonlySet<string> = new Set([
  ExtensionOid.basicConstraints,
  ExtensionOid.keyUsage,
  ExtensionOid.extKeyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.certificatePolicies,
  ExtensionOid.ocspNoCheck,
]);

/** Why a responder may not speak for the issuer: it must be named for OCSP by the issuer itself, and in force. */
function faultOfDelegate(delegate: Certificate, { issuer, crypto, time }: OcspOptions): string | undefined {
  if (!mayHaveIssued(issuer, delegate)) return 'the responder is not of the same issuer';
  if (!isSignedBy(delegate, issuer.publicKey, crypto)) return "the signature on the responder's certificate is wrong";
  // Not by anyExtendedKeyUsage: it must be named expressly.
  if (!delegate.extKeyUsage?.includes(PurposeOid.ocspSigning)) return 'the responder is not one for OCSP';
  if (delegate.keyUsage && !delegate.keyUsage.includes('digitalSignature')) return "the responder's key may not sign";
  if (delegate.extensions.some(({ critical, oid }) => critical && !handled.has(oid))) {
    return "the responder's certificate has a critical extension that is unknown";
  }
  return isValidAt(delegate, time) ? undefined : "the responder's certificate is not valid now";
}

// RFC 6960 section 4.2.2.1.
function faultOfTime(
  answer: OcspAnswer,
  { time, tolerance = 300_000, maxAge = 86_400_000 }: OcspOptions,
): string | undefined {
  const now = time.getTime();
  const from = answer.thisUpdate.getTime();
  const until = answer.nextUpdate?.getTime() ?? from + maxAge;
  if (!(from <= now + tolerance)) return `the answer is from ${answer.thisUpdate.toISOString()}`;
  if (until < from) return 'the answer ends before it begins';
  return until + tolerance < now ? `the answer was good until ${new Date(until).toISOString()}` : undefined;
}
