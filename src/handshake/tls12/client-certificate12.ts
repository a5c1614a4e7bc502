import type { PublicKey } from '../../crypto/provider.ts';
import { readCertificate12 } from '../../messages/certificate.ts';
import { readCertificateVerify } from '../../messages/certificate-verify.ts';
import { acceptNoCertificate, checkPossession, judgeClient, readClientKey } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Transcript } from '../handshake.ts';
import { noCertificate } from '../resumption.ts';
import { message, type Steps } from '../steps.ts';

/** What a client shows before it proves that it is its own. */
export interface Claim {
  /** DER, its own first; empty where it has none. */
  readonly chain: readonly Uint8Array[];
  /** The key of its own certificate, where it has one. */
  readonly key: PublicKey | undefined;
}

/** The client's Certificate (RFC 5246 section 7.4.6), refused at once where nothing that follows could help. */
export function* receiveCertificate12(
  hs: Negotiation,
  auth: ClientAuthentication,
  transcript: Transcript,
): Steps<Claim> {
  const certificate = yield* message('certificate');
  transcript.add(certificate.raw);
  hs.report.reach('clientCertificate');
  const chain = readCertificate12(certificate);
  if (chain.length === 0) acceptNoCertificate(hs, auth);
  return { chain, key: chain.length > 0 ? readClientKey(hs, chain) : undefined };
}

/** The CertificateVerify of a client that sent certificates, and the verdict on them (RFC 5246 section 7.4.8). */
export function* receiveCertificateVerify12(
  hs: Negotiation,
  auth: ClientAuthentication,
  transcript: Transcript,
  { chain, key }: Claim,
): Steps<ClientIdentity> {
  const signed = transcript.takeMessages();
  if (key === undefined) return noCertificate;
  const verify = yield* message('certificateVerify');
  checkPossession(hs, key, readCertificateVerify(verify), signed);
  transcript.add(verify.raw);
  return yield* judgeClient(hs, auth, chain);
}
