import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { type Certificate, readCertificate, readSignature } from './certificate.ts';
import { type CertificateExtension, readExtensions } from './certificate-extensions.ts';
import { contextTag, DerReader, DerTag } from './der.ts';
import { der, derNull, derOctetString, derOid, derSequence } from './der-writer.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { type HashName, HashOid, OcspOid } from './oids.ts';
import { readTime } from './time.ts';
import type { VerificationCrypto } from './verification/crypto.ts';

// Requests and responses of the Online Certificate Status Protocol (RFC 6960), to write and to read. Whether a
// response is to be believed is in `ocsp-verification.ts`.

/** What OCSP needs of cryptography; `crypto/node/certificate-signatures.ts` has it. */
export interface OcspCrypto extends VerificationCrypto {
  hash(name: HashName, bytes: Uint8Array): Uint8Array;
}

/** Which certificate is asked about (RFC 6960 section 4.1.1). */
export interface CertificateId {
  readonly hashAlgorithm: AlgorithmIdentifier;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** The content of the INTEGER. */
  readonly serial: Uint8Array;
}

/** What a request may have besides the certificate. */
export interface OcspRequestOptions {
  /** The hash function of the certificate's identifier: SHA-1 by default, which every responder knows. */
  readonly hash?: 'sha1' | 'sha256';
  /** 1 to 128 bytes that the response has to repeat (RFC 9654); by default none. */
  readonly nonce?: Uint8Array;
}

/**
 * Writes an OCSPRequest about one certificate, in DER, as POST sends it (RFC 6960 appendix A.1). Throws `RangeError` for
 * a nonce of another length than 1 to 128 bytes.
 */
export function writeOcspRequest(
  certificate: Certificate,
  issuer: Certificate,
  crypto: OcspCrypto,
  { hash = 'sha1', nonce }: OcspRequestOptions = {},
): Uint8Array {
  if (nonce && (nonce.length < 1 || nonce.length > 128)) throw new RangeError(`a nonce of ${nonce.length} bytes`);
  const id = derSequence(
    derSequence(derOid(HashOid[hash]), derNull()),
    derOctetString(crypto.hash(hash, certificate.issuer.der)),
    derOctetString(crypto.hash(hash, issuer.publicKey.key)),
    der(DerTag.integer, certificate.serial),
  );
  const extensions = nonce && derSequence(derSequence(derOid(OcspOid.nonce), derOctetString(derOctetString(nonce))));
  const list = derSequence(derSequence(id));
  return derSequence(extensions ? derSequence(list, der(contextTag(2), extensions)) : derSequence(list));
}

/** What a responder says of a request as a whole (RFC 6960 section 4.2.1), by the number of the status. */
const responseStatuses: Readonly<Record<number, OcspResponseStatus>> = {
  0: 'successful',
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/** The statuses of responses. */
export type OcspResponseStatus =
  | 'successful'
  | 'malformedRequest'
  | 'internalError'
  | 'tryLater'
  | 'sigRequired'
  | 'unauthorized';

/** An OCSPResponse; `basic` is there where it was successful. */
export type OcspResponse =
  | { readonly status: 'successful'; readonly basic: BasicOcspResponse }
  | { readonly status: Exclude<OcspResponseStatus, 'successful'> };

/** A BasicOCSPResponse (RFC 6960 section 4.2.1). All bytes are views of the response. */
export interface BasicOcspResponse {
  /** The part that is signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** Who signs: a name, or the SHA-1 hash of the key's bits. */
  readonly responder: { readonly name: DistinguishedName } | { readonly keyHash: Uint8Array };
  readonly producedAt: Date;
  readonly answers: readonly OcspAnswer[];
  readonly extensions: readonly CertificateExtension[];
  /** Certificates that help to verify the signature. */
  readonly certificates: readonly Certificate[];
}

/** What is said about one certificate: a SingleResponse. */
export interface OcspAnswer {
  readonly id: CertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Where it is revoked. */
  readonly revokedAt: Date | undefined;
  /** CRLReason (RFC 5280 section 5.3.1), where it is revoked and one is given. */
  readonly reason: number | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly extensions: readonly CertificateExtension[];
}

/** Most certificates that are read of a response; responders send one or two. */
const mostCertificates = 10;

/** Reads an OCSPResponse in DER. Throws `DerError` where it is none, or not of the basic type. Verifies nothing. */
export function readOcspResponse(bytes: Uint8Array): OcspResponse {
  const reader = new DerReader(bytes, 'OCSP response');
  const fields = reader.end(reader.sequence());
  const { content } = fields.expect(DerTag.enumerated);
  const status = (content.length === 1 && responseStatuses[content[0]!]) || fields.fail('an unknown status');
  if (status !== 'successful') return { status };
  const wrapper = fields.end(fields.enter(contextTag(0)));
  const response = wrapper.end(wrapper.sequence());
  if (response.oid() !== OcspOid.basic) response.fail('an unknown type');
  return { status, basic: readBasicResponse(response.end(response.octetString())) };
}

function readBasicResponse(bytes: Uint8Array): BasicOcspResponse {
  const reader = new DerReader(bytes, 'basic OCSP response');
  const outer = reader.end(reader.sequence());
  const tbs = outer.expect(DerTag.sequence);
  const signatureAlgorithm = readAlgorithm(outer);
  const signature = readSignature(outer);
  const certificates = outer.done ? [] : readCertificates(outer);
  const fields = outer.inside(tbs);
  if (fields.tag === contextTag(0) && fields.enter(contextTag(0)).smallInteger() !== 0) fields.fail('a later version');
  const responder = readResponder(fields);
  const producedAt = readGeneralizedTime(fields);
  const answers = fields.sequence().list(readAnswer);
  const extensions = readWrappedExtensions(fields);
  fields.end(undefined);
  return outer.end({
    tbs: tbs.whole,
    signatureAlgorithm,
    signature,
    responder,
    producedAt,
    answers,
    extensions,
    certificates,
  });
}

function readCertificates(outer: DerReader): Certificate[] {
  const wrapper = outer.enter(contextTag(0));
  const list = wrapper.end(wrapper.sequence());
  const certificates: Certificate[] = [];
  while (!list.done) {
    if (certificates.length === mostCertificates) list.fail(`more than ${mostCertificates} certificates`);
    certificates.push(readCertificate(list.expect(DerTag.sequence).whole));
  }
  return certificates;
}

function readResponder(fields: DerReader): BasicOcspResponse['responder'] {
  if (fields.tag === contextTag(1)) {
    const wrapper = fields.enter(contextTag(1));
    return { name: wrapper.end(readName(wrapper)) };
  }
  const wrapper = fields.enter(contextTag(2));
  return { keyHash: wrapper.end(wrapper.octetString()) };
}

function readAnswer(list: DerReader): OcspAnswer {
  const fields = list.sequence('answer of OCSP');
  const id = readCertificateId(fields);
  const status = readStatus(fields);
  const thisUpdate = readGeneralizedTime(fields);
  const next = fields.optional(contextTag(0));
  const nextUpdate = next && readGeneralizedTime(fields.inside(next));
  return fields.end({ id, ...status, thisUpdate, nextUpdate, extensions: readWrappedExtensions(fields) });
}

function readCertificateId(reader: DerReader): CertificateId {
  const fields = reader.sequence('identifier of a certificate');
  const hashAlgorithm = readAlgorithm(fields);
  const [issuerNameHash, issuerKeyHash] = [fields.octetString(), fields.octetString()];
  return fields.end({ hashAlgorithm, issuerNameHash, issuerKeyHash, serial: fields.integer() });
}

function readStatus(fields: DerReader): Pick<OcspAnswer, 'status' | 'revokedAt' | 'reason'> {
  const element = fields.element();
  const plain = { revokedAt: undefined, reason: undefined };
  switch (element.tag) {
    case contextTag(0, false):
      return { status: 'good', ...plain };
    case contextTag(2, false):
      return { status: 'unknown', ...plain };
    case contextTag(1): {
      const info = fields.inside(element);
      const revokedAt = readGeneralizedTime(info);
      const reason = info.done ? undefined : info.enter(contextTag(0)).expect(DerTag.enumerated).content[0];
      return info.end({ status: 'revoked', revokedAt, reason });
    }
    default:
      return fields.fail('an unknown status');
  }
}

// RFC 6960 section 4.2.2.1: never UTCTime.
function readGeneralizedTime(fields: DerReader): Date {
  if (fields.tag !== DerTag.generalizedTime) fields.fail('no GeneralizedTime');
  return readTime(fields);
}

function readWrappedExtensions(fields: DerReader): CertificateExtension[] {
  if (fields.tag !== contextTag(1)) return [];
  const wrapper = fields.enter(contextTag(1));
  return wrapper.end(readExtensions(wrapper));
}

/** The nonce among the extensions of a response. Throws `DerError` where it is malformed. */
export function nonceOf({ extensions }: Pick<BasicOcspResponse, 'extensions'>): Uint8Array | undefined {
  const extension = extensions.find(({ oid }) => oid === OcspOid.nonce);
  if (extension === undefined) return undefined;
  const reader = new DerReader(extension.value, 'nonce of OCSP');
  return reader.end(reader.octetString());
}
