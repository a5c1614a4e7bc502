import { readCertificate13 } from '../../messages/certificate.ts';
import { clientSignatureInput, readCertificateVerify } from '../../messages/certificate-verify.ts';
import { acceptNoCertificate, checkPossession, judgeClient, readClientKey } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Transcript } from '../handshake.ts';
import { message, type Steps } from '../steps.ts';

/** The client's Certificate and CertificateVerify (RFC 8446 section 4.4); `context` is that of the request. */
export function* receiveClientCertificate(
  hs: Negotiation,
  auth: ClientAuthentication,
  transcript: Transcript,
  context: Uint8Array,
): Steps<ClientIdentity> {
  const certificate = yield* message('certificate');
  const chain = readCertificate13(certificate, context);
  transcript.add(certificate.raw);
  hs.report.reach('clientCertificate');
  if (chain.length === 0) return acceptNoCertificate(hs, auth);
  const key = readClientKey(hs, chain);
  const signed = clientSignatureInput(transcript.digest());
  const verify = yield* message('certificateVerify');
  checkPossession(hs, key, readCertificateVerify(verify), signed);
  transcript.add(verify.raw);
  return yield* judgeClient(hs, auth, chain);
}
