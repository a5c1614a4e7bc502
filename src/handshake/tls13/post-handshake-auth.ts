import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { writeCertificateRequest13 } from '../../messages/certificate-request.ts';
import { certificateRequest } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Transcript } from '../handshake.ts';
import { message, type Steps } from '../steps.ts';
import type { Handshake13 } from './agreement.ts';
import { receiveClientCertificate } from './client-certificate.ts';
import { checkFinished } from './finished.ts';
import type { RequestCertificate, UseSecret } from './secured13.ts';

/** Bytes of the context that tells the answer to one request from that to another. */
const contextLength = 16;

/**
 * Whether a client can be asked for its certificate later: if it says so, and did not come by an external PSK (RFC 9846
 * section 4.4.2). A session that it resumes is no hindrance.
 */
export const mayRequestLater = ({ hello, psk }: Pick<Handshake13, 'hello' | 'psk'>): boolean =>
  hello.offers.postHandshakeAuth === true && (psk === undefined || psk.session !== undefined);

/**
 * Requests for the client's certificate after the handshake, which go on from its `transcript`. All that is kept of the
 * handshake is named here: it stays for as long as the connection lives.
 */
export function laterRequests(
  { policy, provider, channel, report, config, suite }: Omit<Negotiation, 'hello'> & { readonly suite: CipherSuite },
  transcript: Transcript,
): RequestCertificate {
  const kept = { policy, provider, channel, report, config, suite };
  return (auth, useSecret) =>
    requestCertificate13({ ...kept, hello: report.clientHello! }, transcript.copy(), auth, useSecret);
}

/**
 * Asks a client for its certificate (RFC 8446 section 4.6.2). `transcript` is the whole handshake's, and is used up;
 * `useSecret` gives the client's traffic secret of the moment.
 */
function* requestCertificate13(
  hs: Negotiation & { readonly suite: CipherSuite },
  transcript: Transcript,
  auth: ClientAuthentication,
  useSecret: UseSecret,
): Steps<ClientIdentity> {
  const context = hs.provider.randomBytes(contextLength);
  const request = writeCertificateRequest13(certificateRequest(hs, auth), context);
  transcript.add(request);
  hs.channel.send(request);
  const client = yield* receiveClientCertificate(hs, auth, transcript, context);
  const finished = yield* message('finished');
  useSecret((secret) => checkFinished(hs, secret, transcript.digest(), finished));
  return client;
}
