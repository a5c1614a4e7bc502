import { writeCertificate13 } from '../../messages/certificate.ts';
import { serverSignatureInput, writeCertificateVerify } from '../../messages/certificate-verify.ts';
import type { Credential } from '../../x509/credential.ts';
import type { Identity } from '../selection.ts';
import { answer, type Steps } from '../steps.ts';
import type { Handshake13 } from './agreement.ts';
import { compressCertificate } from './certificate-compression.ts';

/** Our Certificate (RFC 8446 section 4.4.2), stapled and compressed as far as client and server like that. */
export function* certificate13(hs: Handshake13, { credential }: Identity): Steps<Uint8Array> {
  const { policy, config, hello } = hs;
  const staple = hello.offers.statusRequest ? yield* answer(policy.staple?.(credential, hello)) : undefined;
  const certificate = staple ? writeCertificate13(credential.chain, staple) : certificateMessage(credential);
  return compressCertificate(credential, certificate, config.certificateCompression, hello.offers.compressCertificate);
}

/** Our CertificateVerify (RFC 8446 section 4.4.3), which signs the transcript up to our Certificate. */
export function* certificateVerify13(hs: Handshake13, { credential, scheme }: Identity): Steps<Uint8Array> {
  const input = serverSignatureInput(hs.transcript.digest());
  return writeCertificateVerify(scheme, yield* answer(credential.signer.sign(scheme, input, hs.provider)));
}

/** The Certificate of a credential, which without a staple is the same for every client. */
function certificateMessage(credential: Credential): Uint8Array {
  let message = certificateMessages.get(credential);
  if (message === undefined) {
    message = new Uint8Array(writeCertificate13(credential.chain)); // without what lies beside it
    certificateMessages.set(credential, message);
  }
  return message;
}
const certificateMessages = new WeakMap<Credential, Uint8Array>();
