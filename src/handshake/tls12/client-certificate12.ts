import { readCertificate12 } from '../../messages/certificate.ts';
import { readCertificateVerify } from '../../messages/certificate-verify.ts';
import { acceptNoCertificate, checkPossession, judgeClient, readClientKey } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Transcript } from '../handshake.ts';
import { message, type Steps } from '../steps.ts';

/** The client's Certificate (RFC 5246 section 7.4.6): DER, its own first; empty where it has none. */
export function* receiveCertificate12(hs: Negotiation, transcript: Transcript): Steps<readonly Uint8Array[]> {
  const certificate = yield* message('certificate');
  transcript.add(certificate.raw);
  hs.report.reach('clientCertificate');
  return readCertificate12(certificate);
}

/** The CertificateVerify of a client that sent certificates, and the verdict on them (RFC 5246 section 7.4.8). */
export function* receiveCertificateVerify12(
  hs: Negotiation,
  auth: ClientAuthentication,
  transcript: Transcript,
  chain: readonly Uint8Array[],
): Steps<ClientIdentity> {
  const signed = transcript.takeMessages();
  if (chain.length === 0) return acceptNoCertificate(hs, auth);
  const key = readClientKey(hs, chain);
  const verify = yield* message('certificateVerify');
  checkPossession(hs, key, readCertificateVerify(verify), signed);
  transcript.add(verify.raw);
  return yield* judgeClient(hs, auth, chain);
}
