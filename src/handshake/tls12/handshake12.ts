import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { EphemeralKey } from '../../crypto/provider.ts';
import { writeCertificate12, writeCertificateStatus } from '../../messages/certificate.ts';
import { writeCertificateRequest12 } from '../../messages/certificate-request.ts';
import { writeServerHelloDone } from '../../messages/server-key-exchange.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import { certificateRequest } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import { type ClientIdentity, type Negotiation, type Secured, Transcript } from '../handshake.ts';
import { noCertificate } from '../resumption.ts';
import { selectAlpn, selectSizeLimits } from '../selection.ts';
import { answer, type Steps } from '../steps.ts';
import { receiveCertificate12, receiveCertificateVerify12 } from './client-certificate12.ts';
import {
  type Conversation12,
  protect,
  receiveClientFinished,
  send,
  sendFinished,
  sendNewTicket,
  sendServerHello,
} from './conversation12.ts';
import { receiveKeyExchange, sendKeyExchange } from './key-exchange12.ts';
import type { Randoms } from './key-schedule12.ts';
import { type Choice12, checkPointFormats, negotiate12, offersSecureRenegotiation } from './negotiate12.ts';
import { Secured12 } from './secured12.ts';
import { chooseKeeping, findSession12, forgetting, type Keeping, type Resumed12, session12 } from './sessions12.ts';

/** The server's side of TLS 1.2: RFC 5246 figure 1, or figure 2 where a session is resumed. */
export function* handshake12(negotiation: Negotiation): Steps<Secured> {
  const secureRenegotiation = offersSecureRenegotiation(negotiation.hello);
  checkPointFormats(negotiation.hello);
  const resumed = yield* findSession12(negotiation);
  negotiation.report.resumed = resumed !== undefined;
  if (resumed !== undefined) return yield* resumedHandshake(negotiation, resumed, secureRenegotiation);
  return yield* fullHandshake(negotiation, secureRenegotiation);
}

/** RFC 5246 figure 1, with the key exchange of RFC 8422. */
function* fullHandshake(negotiation: Negotiation, secureRenegotiation: boolean): Steps<Secured> {
  // The callback that chooses the protocol may choose another certificate with it.
  const alpn = yield* selectAlpn(negotiation.hello, negotiation.config);
  const choice = negotiate12(negotiation);
  negotiation.report.group = choice.exchange?.group;
  const hs = begin(negotiation, choice.suite, alpn, secureRenegotiation);
  const keeping = chooseKeeping(hs);
  const ephemeral = choice.exchange?.generate();
  try {
    return yield* wipingOnFailure(hs, exchangeFlights(hs, choice, ephemeral, keeping));
  } finally {
    ephemeral?.release();
  }
}

/** From ServerHello to Finished, figure 1. */
function* exchangeFlights(
  hs: Conversation12,
  choice: Choice12,
  ephemeral: EphemeralKey | undefined,
  keeping: Keeping,
): Steps<Secured> {
  const { hello, config, policy } = hs;
  const credential = choice.identity?.credential;
  const staple =
    credential && hello.offers.statusRequest ? yield* answer(policy.staple?.(credential, hello)) : undefined;

  sendServerHello(hs, keeping?.by === 'id' ? keeping.id : noId, {
    // RFC 6066 section 3.
    serverName: hello.offers.serverName === undefined ? undefined : true,
    sessionTicket: keeping?.by === 'ticket' ? true : undefined,
    statusRequest: staple ? true : undefined,
  });
  hs.channel.limitFragments(hs.limits.sending);
  if (credential) {
    send(hs, writeCertificate12(credential.chain));
    if (staple) send(hs, writeCertificateStatus(staple));
    hs.report.reach('certificate');
  }
  yield* sendKeyExchange(hs, choice, ephemeral);
  // RFC 5246 section 7.4.4: only a server that shows a certificate may ask for one.
  const clientAuth = credential && config.clientAuth;
  if (clientAuth) send(hs, writeCertificateRequest12(certificateRequest(hs, clientAuth)));
  send(hs, writeServerHelloDone());
  hs.report.reach('serverHelloDone');

  const { master, client, isUnknownPsk } = yield* receiveKeys(hs, ephemeral, clientAuth);
  const keys = protect(hs, master);
  const peerFinished = yield* receiveClientFinished(hs, master, keys, isUnknownPsk);
  const session = session12(hs, master, client, undefined);
  if (session) hs.secrets.push(session);
  if (keeping?.by === 'id' && session) yield* answer(policy.sessions?.cache?.save(keeping.id, session));
  if (keeping?.by === 'ticket' && session) sendNewTicket(hs, session);
  const ownFinished = sendFinished(hs, master, keys);
  const forgetSession = forgetting(hs, keeping?.by === 'id' ? keeping.id : undefined);
  return new Secured12(hs, master, session, { ownFinished, peerFinished, client, forgetSession });
}

/** RFC 5246 figure 2, RFC 5077 figure 2: no certificates and no key exchange. */
function* resumedHandshake(negotiation: Negotiation, resumed: Resumed12, secureRenegotiation: boolean): Steps<Secured> {
  const forgetSession = forgetting(negotiation, resumed.id);
  let secured: Secured | undefined;
  try {
    const alpn = yield* selectAlpn(negotiation.hello, negotiation.config);
    const hs = begin(negotiation, resumed.suite, alpn, secureRenegotiation);
    secured = yield* wipingOnFailure(hs, exchangeFinished(hs, resumed));
    return secured;
  } catch (error) {
    forgetSession?.(); // RFC 5246 section 7.2.2: what ends by a fatal alert is not resumed again
    throw error;
  } finally {
    if (secured === undefined) wipe(resumed.session.secret);
    const { alert } = negotiation.report;
    if (alert !== undefined && alert.name !== 'close_notify') forgetSession?.();
  }
}

/** From ServerHello to Finished, figure 2. */
function* exchangeFinished(hs: Conversation12, resumed: Resumed12): Steps<Secured> {
  const { session, client } = resumed;
  const master = session.secret;
  const renewed = resumed.renewsTicket ? session12(hs, master, client, session) : undefined;
  if (renewed) hs.secrets.push(renewed);
  // The id tells the client that its session is resumed (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4).
  sendServerHello(hs, hs.hello.sessionId, renewed ? { sessionTicket: true } : {});
  hs.channel.limitFragments(hs.limits.sending);
  if (renewed) sendNewTicket(hs, renewed);
  const keys = protect(hs, master);
  const ownFinished = sendFinished(hs, master, keys);
  const peerFinished = yield* receiveClientFinished(hs, master, keys);
  const kept = renewed ?? session12(hs, master, client, session);
  const forgetSession = forgetting(hs, resumed.id);
  return new Secured12(hs, master, kept, { ownFinished, peerFinished, client, forgetSession });
}

/** A handshake that leaves no secrets behind where it fails, or is dropped. */
function* wipingOnFailure(hs: Conversation12, steps: Steps<Secured>): Steps<Secured> {
  let secured: Secured | undefined;
  try {
    secured = yield* steps;
    return secured;
  } finally {
    hs.transcript.release();
    if (secured === undefined) wipe(...hs.secrets);
    if (secured === undefined) for (const key of hs.keys) key.release();
  }
}

const noId = new Uint8Array();

/** What both kinds of handshake begin with. */
function begin(
  negotiation: Negotiation,
  suite: CipherSuite,
  alpn: string | undefined,
  secureRenegotiation: boolean,
): Conversation12 {
  const { policy, hello, config, provider, report, channel } = negotiation;
  if (!config.hasFixedRecords) channel.growRecords();
  report.cipherSuite = suite;
  report.alpnProtocol = alpn;
  const transcript = new Transcript(provider.hash(suite.hash)).add(hello.raw);
  if (config.clientAuth && !report.resumed) transcript.keep(hello.raw);
  return {
    policy,
    provider,
    channel,
    report,
    hello,
    config,
    suite,
    transcript,
    alpn,
    secureRenegotiation,
    // ALPN beats NPN (RFC 7301 section 4).
    npn: alpn === undefined && hello.offers.nextProtocolNegotiation ? config.npn : undefined,
    randoms: { client: hello.random, server: serverRandom(negotiation) },
    limits: selectSizeLimits(hello, config, ProtocolVersion.tls12),
    secrets: [],
    keys: new Set(),
  };
}

/** 32 bytes; the last eight warn clients of TLS 1.3 against a forced downgrade (RFC 8446 section 4.1.3). */
function serverRandom({ provider, config }: Negotiation): Randoms['server'] {
  const random = Uint8Array.from(provider.randomBytes(32));
  if (config.maxVersion >= ProtocolVersion.tls13) random.set(downgradeSentinel, 24);
  return random;
}

/** "DOWNGRD" and 1. */
const downgradeSentinel = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01);

interface ClientKeys {
  readonly master: Uint8Array;
  readonly client: ClientIdentity | undefined;
  readonly isUnknownPsk: boolean;
}

/** The client's second flight up to its ChangeCipherSpec: certificate if asked, key exchange, proof of the key. */
function* receiveKeys(
  hs: Conversation12,
  ephemeral: EphemeralKey | undefined,
  clientAuth: ClientAuthentication | undefined,
): Steps<ClientKeys> {
  const claim = clientAuth ? yield* receiveCertificate12(hs, clientAuth, hs.transcript) : undefined;
  const { master, isUnknownPsk } = yield* receiveKeyExchange(hs, ephemeral);
  const client =
    clientAuth && claim
      ? yield* receiveCertificateVerify12(hs, clientAuth, hs.transcript, claim)
      : hs.config.clientAuth && noCertificate; // that was to be asked, and has a PSK
  return { master, client, isUnknownPsk };
}
