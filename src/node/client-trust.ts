import { verificationCrypto } from '../crypto/node/certificate-signatures.ts';
import { nodeCertificate } from '../crypto/node/x509.ts';
import type { ClientAuthentication, ClientVerdict } from '../handshake/config.ts';
import { maxAuthoritiesLength } from '../messages/certificate-request.ts';
import { TlsAlert } from '../wire/alert.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { type CertificateList, readCertificateList } from '../x509/certificate-list.ts';
import { PurposeOid } from '../x509/oids.ts';
import { certificatesOfPem, decodePem } from '../x509/pem.ts';
import { authoritiesOfPem } from '../x509/trust-settings.ts';
import { describe } from '../x509/verification/context.ts';
import { forbids } from '../x509/verification/extensions-check.ts';
import { RevocationLists } from '../x509/verification/revocation-lists.ts';
import { TrustStore } from '../x509/verification/trust-store.ts';
import { type Verdict, verify } from '../x509/verification/verify.ts';
import { checkMaterial, isGiven } from './arguments.ts';
import type { CertificateInput, OneOrMany } from './credentials.ts';
import { nodeError } from './errors.ts';
import { getCACertificates } from './node-authorities.ts';

/** Whose certificates a server accepts from its clients. */
export interface ClientTrustOptions {
  /** Certificates of authorities in PEM or DER; Node's own list of root certificates where there is none. */
  readonly ca?: OneOrMany<CertificateInput> | undefined;
  /** Lists of revoked certificates in PEM or DER; with them, every certificate of a path needs one that is valid. */
  readonly crl?: OneOrMany<CertificateInput> | undefined;
  /** Whether an authority in `ca` is trusted though it is not self-signed. */
  readonly allowPartialTrustChain?: boolean | undefined;
}

/** The authorities of one secure context, and the judgement of client certificates by them. */
export class ClientTrust {
  /** The authorities of the application, and whether those that Node knows are trusted beside them. */
  readonly #anchors: readonly Certificate[];
  readonly #trustsRoots: boolean;
  readonly #revocation: RevocationLists | undefined;
  readonly #partialChain: boolean;
  readonly #securityLevel: number;
  #trust: TrustStore | undefined;
  readonly #authentications = new Map<boolean, ClientAuthentication>();

  /** `more` are authorities beside those of `ca`. Throws Node's errors for what cannot be read. */
  constructor(options: ClientTrustOptions, securityLevel: number, more: readonly Certificate[] = []) {
    const { ca, crl } = options;
    this.#trustsRoots = isNothing(ca);
    this.#anchors = [...(isNothing(ca) ? [] : list(ca).flatMap(readCertificates)), ...more];
    const lists = isNothing(crl) ? [] : list(crl).flatMap(readLists);
    // As in Node, an empty array of lists is none: nobody could come in otherwise.
    this.#revocation = lists.length > 0 ? new RevocationLists(lists) : undefined;
    this.#partialChain = options.allowPartialTrustChain === true;
    this.#securityLevel = securityLevel;
  }

  /** The authorities that the options `ca` and `pfx` gave. */
  get authorities(): readonly Certificate[] {
    return this.#anchors;
  }

  /** How clients are asked and judged; the same object each time. */
  authentication(isRequired: boolean): ClientAuthentication {
    const known = this.#authentications.get(isRequired);
    if (known !== undefined) return known;
    const made: ClientAuthentication = {
      isRequired,
      authorities: this.#authorities(),
      verify: (chain) => this.verify(chain),
    };
    this.#authentications.set(isRequired, made);
    return made;
  }

  /**
   * Judges a client's certificates, DER, its own first (RFC 5280 section 6). Throws `TlsAlert` where one of them cannot be
   * read: as with OpenSSL, the handshake ends then, even of a client that need not be authorized.
   */
  verify(chain: readonly Uint8Array[]): ClientVerdict {
    const [leaf, ...others] = chain.map((der) => readOrFail(() => readCertificate(der)));
    if (leaf === undefined) throw new RangeError('there is no certificate to verify');
    const verdict = verify([leaf, ...others], {
      trust: this.#trustStore(),
      crypto: verificationCrypto,
      time: new Date(),
      partialChain: this.#partialChain,
      securityLevel: this.#securityLevel,
      ...(this.#revocation && { revocation: this.#revocation }),
    });
    if (verdict.authorized && forbids(leaf, 'digitalSignature')) return cannotSign(leaf);
    // Nobody vouches for these, and the application may yet ask for them in Node's form.
    if (!verdict.authorized) for (const { der } of verdict.path) readOrFail(() => nodeCertificate(der));
    return asClientVerdict(verdict);
  }

  #trustStore(): TrustStore {
    this.#trust ??= new TrustStore(this.#trustsRoots ? [...trustedByNode(), ...this.#anchors] : this.#anchors);
    return this.#trust;
  }

  /** The names to tell clients of: those of `ca` and `pfx`, as many as fit. Node's own list would be too long, and says nothing. */
  #authorities(): readonly Uint8Array[] {
    const names: Uint8Array[] = [];
    let length = 0;
    for (const { subject } of this.#anchors) {
      length += subject.der.length + 2;
      if (length > maxAuthoritiesLength) break;
      names.push(subject.der);
    }
    return names;
  }
}

/** Reads a certificate of a client's; throws `TlsAlert` where that fails (RFC 8446 section 6.2, bad_certificate). */
function readOrFail<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `a certificate of the client's is malformed: ${(cause as Error).message}`;
    throw new TlsAlert('badCertificate', message, { code: 'BAD_CERTIFICATE', cause });
  }
}

/**
 * The key of a client is there to sign the handshake (RFC 5246 section 7.4.6, RFC 8446 section 4.4.2), and for nothing
 * else; OpenSSL, whose judgement `verify` follows, would take one that is for key agreement too.
 */
const cannotSign = (certificate: Certificate): ClientVerdict => ({
  authorized: false,
  code: 'INVALID_PURPOSE',
  message: `the keyUsage of ${describe(certificate)} has no digitalSignature`,
  alert: 'unsupportedCertificate',
});

function asClientVerdict(verdict: Verdict): ClientVerdict {
  const path = verdict.path.map(({ der }) => der);
  if (verdict.authorized) return { authorized: true, path };
  const { code, message, alert, reason, depth, certificate } = verdict.failure;
  const which = depth === 0 ? "the client's certificate" : `the certificate ${depth} above the client's`;
  return {
    authorized: false,
    code,
    message: `${message}: ${reason} (${which}, ${describe(certificate)})`,
    alert,
    path,
  };
}

const isNothing = (value: unknown): boolean => !isGiven(value) || (value as unknown) === false || value === '';

const list = <T>(value: OneOrMany<T> | undefined): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/**
 * Certificates that Node trusts unless told otherwise, with those that its environment and flags add. What cannot be read
 * among them, which nobody here has chosen, is trusted by nobody, and must not keep the clients of the others out.
 */
const trustedByNode = (): Certificate[] =>
  getCACertificates('default').flatMap((pem) => {
    try {
      return readCertificates(pem);
    } catch {
      return [];
    }
  });

const bytesOf = (name: string, input: CertificateInput): string | Uint8Array => {
  checkMaterial(name, input);
  return typeof input === 'string' ? input : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
};

/** DER begins with a SEQUENCE of a long length, which no text does. */
const isDer = (input: string | Uint8Array): input is Uint8Array =>
  typeof input !== 'string' && input[0] === 0x30 && input[1]! > 0x80;

function readCertificates(input: CertificateInput): Certificate[] {
  const bytes = bytesOf('options.ca', input);
  const ders = isDer(bytes) ? [bytes] : authoritiesOfPem(bytes, PurposeOid.clientAuth);
  if (ders.length === 0 && certificatesOfPem(bytes).length === 0) throw noStartLine('options.ca');
  return ders.map(readCertificate);
}

function readLists(input: CertificateInput): CertificateList[] {
  const bytes = bytesOf('options.crl', input);
  const ders = isDer(bytes)
    ? [bytes]
    : decodePem(bytes).flatMap(({ label, der }) => (label === 'X509 CRL' ? [der] : []));
  if (ders.length === 0) throw noStartLine('options.crl');
  const lists = ders.map(readCertificateList);
  // Now, and not while the first client waits: a list may have a million entries.
  for (const list of lists) void list.revocations;
  return lists;
}

const noStartLine = (name: string): Error =>
  nodeError('ERR_OSSL_PEM_NO_START_LINE', `error:0480006C:PEM routines::no start line: ${name}`, Error, {
    library: 'PEM routines',
    reason: 'no start line',
  });
