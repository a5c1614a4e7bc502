import { readCertificate13 } from '../../messages/certificate.ts';
import { clientSignatureInput, readCertificateVerify } from '../../messages/certificate-verify.ts';
import type { HandshakeMessage } from '../../messages/handshake-message.ts';
import { HandshakeType } from '../../wire/code-points.ts';
import { acceptNoCertificate, checkPossession, judgeClient, readClientKey } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Transcript } from '../handshake.ts';
import { message, type Steps } from '../steps.ts';
import { decompressCertificate } from './certificate-compression.ts';

/** The client's Certificate and CertificateVerify (RFC 8446 section 4.4); `context` is that of the request. */
export function* receiveClientCertificate(
  hs: Negotiation,
  auth: ClientAuthentication,
  transcript: Transcript,
  context: Uint8Array,
): Steps<ClientIdentity> {
  const certificate = yield* receiveCertificate(hs);
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

/** A Certificate, compressed if we said that it may be (RFC 8879 section 4); `raw` is as it came. */
function* receiveCertificate({ config }: Negotiation): Steps<HandshakeMessage> {
  const algorithms = config.certificateCompression;
  if (!algorithms?.length) return yield* message('certificate');
  const received = yield* message('certificate', 'compressedCertificate');
  return received.type === HandshakeType.certificate ? received : decompressCertificate(received, algorithms);
}
