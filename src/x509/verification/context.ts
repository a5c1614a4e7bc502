import type { Certificate } from '../certificate.ts';
import { formatName } from '../distinguished-name.ts';
import type { PublicKeyInfo } from '../public-key.ts';
import { readSignatureMethod } from '../signature-method.ts';
import type { VerificationCrypto } from './crypto.ts';
import type { VerificationError } from './errors.ts';
import type { VerificationLimits } from './limits.ts';
import type { RevocationLists } from './revocation-lists.ts';
import type { TrustStore } from './trust-store.ts';

/** What a peer's certificate is to be good for. */
export type Purpose = 'sslclient' | 'sslserver';

/** How paths are judged, all of it decided. */
export interface Rules {
  readonly trust: TrustStore;
  readonly crypto: VerificationCrypto;
  readonly time: Date;
  readonly purpose: Purpose;
  readonly revocation: RevocationLists | undefined;
  readonly partialChain: boolean;
  readonly securityLevel: number;
  readonly strict: boolean;
  readonly limits: VerificationLimits;
}

/** Certificates from the end entity up, each issued by the next. */
export interface Path {
  readonly certificates: readonly Certificate[];
  /** How many of them, from the end entity on, are the peer's; the others are trust anchors. */
  readonly untrusted: number;
}

/** Something wrong with a path. */
export interface Fault {
  readonly error: VerificationError;
  /** Which certificate of the path it is about: 0 is the end entity. */
  readonly depth: number;
  readonly certificate: Certificate;
  /** The fact, for people. */
  readonly reason: string;
}

/** Takes down that something is wrong with the certificate at `depth`. */
export type Report = (error: VerificationError, depth: number, reason: string) => void;

/** Something that is signed: a certificate or a CRL. */
export type Signed = Pick<Certificate, 'tbs' | 'signature' | 'signatureAlgorithm'>;

/** What came of a signature check; `unchecked` where too many were made before. */
export type SignatureResult = 'valid' | 'invalid' | 'undecodableKey' | 'unchecked';

/**
 * What a check of a signature costs, in those by an RSA or a P-256 key, which take about a tenth of a millisecond: of the
 * other curves OpenSSL has no such fast code, and P-521 takes two.
 */
const costOf = ({ name, curve, modulusLength = 0 }: PublicKeyInfo): number =>
  (name === 'ec' && curve !== 'secp256r1') || modulusLength > 4096 ? 5 : 1;

/** What one verification has done so far. */
export interface Work {
  readonly signatureChecks: number;
  readonly nameComparisons: number;
  readonly searchSteps: number;
  readonly pathsJudged: number;
}

/** One verification: its rules, what it has cost, and the signatures that it knows about. */
export class VerificationContext {
  readonly rules: Rules;
  readonly #signatures = new Map<Signed, Map<string, SignatureResult>>();
  #signatureCost = 0;
  readonly #work = { signatureChecks: 0, nameComparisons: 0, searchSteps: 0, pathsJudged: 0 };

  constructor(rules: Rules) {
    this.rules = rules;
  }

  get work(): Work {
    return { ...this.#work };
  }

  /** Checks a signature, or remembers what came of it. */
  checkSignature(signed: Signed, key: PublicKeyInfo): SignatureResult {
    const known = this.#signatures.get(signed) ?? new Map<string, SignatureResult>();
    this.#signatures.set(signed, known);
    const keyText = Buffer.from(key.spki.buffer, key.spki.byteOffset, key.spki.length).toString('latin1');
    let result = known.get(keyText);
    if (result === undefined) {
      result = this.#verify(signed, key);
      if (result !== 'unchecked') known.set(keyText, result);
    }
    return result;
  }

  #verify(signed: Signed, key: PublicKeyInfo): SignatureResult {
    const method = readSignatureMethod(signed.signatureAlgorithm);
    if (method === undefined || key.name === undefined || !method.keys.includes(key.name)) return 'invalid';
    const cost = costOf(key);
    if (this.#signatureCost + cost > this.rules.limits.signatureChecks) return 'unchecked';
    this.#signatureCost += cost;
    this.#work.signatureChecks++;
    const valid = this.rules.crypto.verify(key, method, signed.tbs, signed.signature);
    return valid === undefined ? 'undecodableKey' : valid ? 'valid' : 'invalid';
  }

  /** Asks for `count` comparisons of names; false where that would be too many. */
  spendComparisons(count: number): boolean {
    this.#work.nameComparisons += count;
    return this.#work.nameComparisons <= this.rules.limits.nameComparisons;
  }

  /** Asks for a step of the search for another path; false where there were too many. */
  spendStep(): boolean {
    this.#work.searchSteps++;
    return this.#work.searchSteps <= this.rules.limits.searchSteps;
  }

  /** Asks to judge one more path; false where there were too many. */
  spendPath(): boolean {
    this.#work.pathsJudged++;
    return this.#work.pathsJudged <= this.rules.limits.paths;
  }
}

/** Characters of a subject in a message, at most. */
const longestSubject = 200;

/** A certificate's subject for a message, cut where it is long. No more of it is formatted: it may fill a message. */
export function describe({ subject: { der, rdns } }: Certificate): string {
  const shortened = rdns
    .slice(-longestSubject)
    .map((rdn) =>
      rdn.slice(0, 10).map((attribute) => ({ ...attribute, value: attribute.value.slice(0, longestSubject) })),
    );
  const subject = formatName({ der, rdns: shortened });
  if (subject === '') return 'the certificate without a subject';
  return subject.length > longestSubject ? `${subject.slice(0, longestSubject)}…` : subject;
}

/** The part of validity that certificates and CRLs share. */
interface Validity {
  readonly from: Date;
  /** `undefined` for no end. */
  readonly until: Date | undefined;
}

/**
 * Whether a time lies outside of a period: before its beginning, after its end, or (as of one that ends before it
 * begins) both. Both ends belong to the period (RFC 5280 section 4.1.2.5), the whole of the last second included. An
 * invalid time is outside.
 */
export function placeInTime(
  time: Date,
  { from, until }: Validity,
): { readonly early: boolean; readonly late: boolean } {
  const now = time.getTime();
  return {
    early: !(now >= from.getTime()),
    late: until !== undefined && !(now < until.getTime() + 1000),
  };
}

/** Whether a certificate is valid at a time. */
export function isValidAt(certificate: Certificate, time: Date): boolean {
  const { early, late } = placeInTime(time, { from: certificate.notBefore, until: certificate.notAfter });
  return !early && !late;
}
