import type { PublicKey } from '../crypto/provider.ts';
import { schemesOf12, schemesOf13 } from '../crypto/signature-schemes.ts';
import type { CertificateRequest } from '../messages/certificate-request.ts';
import type { CertificateVerify } from '../messages/certificate-verify.ts';
import { fail, TlsAlert } from '../wire/alert.ts';
import { ProtocolVersion, schemeName } from '../wire/code-points.ts';
import { readCertificate } from '../x509/certificate.ts';
import type { ClientAuthentication } from './config.ts';
import type { ClientIdentity, Negotiation } from './handshake.ts';
import { noCertificate } from './resumption.ts';
import { answer, type Steps } from './steps.ts';

/** What we ask a client for; PKCS #1 signatures belong to TLS 1.2 and to certificates (RFC 8446 section 4.2.3). */
export const certificateRequest = (
  { config }: Negotiation,
  { authorities }: ClientAuthentication,
): CertificateRequest => ({
  signatureSchemes: config.signatureSchemes,
  authorities,
  compressionAlgorithms: config.certificateCompression?.map(({ algorithm }) => algorithm) ?? [],
});

/** A client without a certificate: refused where one is required (RFC 8446 section 4.4.2.4, RFC 5246 section 7.4.6). */
export function acceptNoCertificate({ report }: Negotiation, auth: ClientAuthentication): ClientIdentity {
  if (!auth.isRequired) return noCertificate;
  const alert = report.versionNumber === ProtocolVersion.tls13 ? 'certificateRequired' : 'handshakeFailure';
  return fail(alert, 'the client sent no certificate', 'PEER_DID_NOT_RETURN_A_CERTIFICATE');
}

/** The public key of a client's own certificate. Throws `TlsAlert` where there is none that we can use. */
export function readClientKey({ provider }: Negotiation, chain: readonly Uint8Array[]): PublicKey {
  let spki: Uint8Array;
  try {
    ({ spki } = readCertificate(chain[0]!).publicKey);
  } catch (cause) {
    throw new TlsAlert('badCertificate', "the client's certificate is malformed", { code: 'BAD_CERTIFICATE', cause });
  }
  const key = provider.publicKey(spki);
  if (key === undefined) {
    fail('unsupportedCertificate', "the client's certificate has a key that cannot sign", 'UNKNOWN_CERTIFICATE_TYPE');
  }
  return key;
}

/** Checks that the client holds its key (RFC 8446 section 4.4.3, RFC 5246 section 7.4.8). */
export function checkPossession(
  { config, report }: Negotiation,
  key: PublicKey,
  { scheme, signature }: CertificateVerify,
  signed: Uint8Array,
): void {
  const possible = report.versionNumber === ProtocolVersion.tls13 ? schemesOf13(key.keyType) : schemesOf12(key.keyType);
  if (!possible.includes(scheme) || !config.signatureSchemes.includes(scheme)) {
    fail('illegalParameter', `the client signs with ${schemeName(scheme)}`, 'WRONG_SIGNATURE_TYPE');
  }
  if (!key.verify(scheme, signed, signature)) {
    fail('decryptError', "the client's CertificateVerify does not verify", 'BAD_SIGNATURE');
  }
  report.clientSignatureScheme = scheme;
}

/** Asks for the verdict on a client's certificates, and refuses a client that it goes against where one is required. */
export function* judgeClient(
  hs: Negotiation,
  auth: ClientAuthentication,
  chain: readonly Uint8Array[],
): Steps<ClientIdentity> {
  const verdict = yield* answer(auth.verify(chain, hs.hello));
  hs.report.reach('clientVerified');
  if (verdict.authorized || !auth.isRequired) return { chain, verdict };
  const { alert = 'badCertificate', message = 'the client is not authorized', code = 'CERT_REJECTED', cause } = verdict;
  throw new TlsAlert(alert, message, { code: `X509_V_ERR_${code}`, cause });
}
