import { type CipherSuite, hashLength } from '../../crypto/cipher-suites.ts';
import type { Replies } from '../../extensions/registry.ts';
import { writeCertificate13 } from '../../messages/certificate.ts';
import { writeCertificateRequest13 } from '../../messages/certificate-request.ts';
import { serverSignatureInput, writeCertificateVerify } from '../../messages/certificate-verify.ts';
import { writeEncryptedExtensions } from '../../messages/encrypted-extensions.ts';
import { checkEndOfEarlyData } from '../../messages/end-of-early-data.ts';
import { writeFinished } from '../../messages/finished.ts';
import { writeServerHello } from '../../messages/server-hello.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import type { Credential } from '../../x509/credential.ts';
import { certificateRequest } from '../client-authentication.ts';
import type { ClientAuthentication } from '../config.ts';
import type { ClientIdentity, Negotiation, Secured, Transcript } from '../handshake.ts';
import { keylogLine } from '../keylog.ts';
import { sessionTemplate } from '../resumption.ts';
import { type Identity, type SizeLimits, selectAlpn, selectSizeLimits } from '../selection.ts';
import { answer, goOnEarly, message, type Steps } from '../steps.ts';
import { compressCertificate } from './certificate-compression.ts';
import { receiveClientCertificate } from './client-certificate.ts';
import { admitEarlyData, mostEarlyData } from './early-data.ts';
import { checkFinished } from './finished.ts';
import { addHello, agreeOnGroup, choosePsk, type Exchange, exchangeKeys } from './key-exchange.ts';
import { finishedVerifyData, KeySchedule, type TrafficSecret, type TrafficSecrets } from './key-schedule.ts';
import { checkFullHello13, checkHello13, selectIdentity13, selectSuite13 } from './negotiate.ts';
import { laterRequests } from './post-handshake-auth.ts';
import { type ChosenPsk, findPsk, type KnownPsk, pskModes, wipePsk } from './pre-shared-keys.ts';
import { SecretPair } from './secret-pair.ts';
import { earlyOpener, type LastingSecrets, opener, Secured13, sealer } from './secured13.ts';
import { TicketIssuer } from './tickets.ts';

/** A TLS 1.3 handshake all of whose parameters are chosen. */
interface Handshake13 extends Negotiation {
  readonly suite: CipherSuite;
  readonly transcript: Transcript;
  readonly schedule: KeySchedule;
  readonly limits: SizeLimits;
  /** What the client may resume or has as a PSK; without one the server shows a certificate. */
  readonly psk: ChosenPsk | undefined;
  readonly identity: Identity | undefined;
  readonly clientAuth: ClientAuthentication | undefined;
  readonly alpn: string | undefined;
  /** The key exchange; absent where a PSK does without. */
  readonly exchange: Exchange | undefined;
  readonly takesEarlyData: boolean;
  /** What is to be wiped: when the handshake ends, and when the connection does. */
  readonly secrets: { handshake: readonly Uint8Array[]; application: readonly Uint8Array[] };
}

/** The server's side of RFC 8446 figure 1. */
export function* handshake13(negotiation: Negotiation): Steps<Secured> {
  const hs = yield* negotiate13(negotiation);
  let secured: Secured | undefined;
  try {
    const flight = yield* sendServerFlight(hs);
    if (hs.takesEarlyData)
      yield* goOnEarly(new Secured13(hs, copyOf(flight.application), { ownFinished: flight.ownFinished }));
    secured = yield* receiveClientFlight(hs, flight);
    return secured;
  } finally {
    // However the handshake ends, none of its secrets stay.
    hs.schedule.end();
    hs.transcript.release();
    wipe(hs.exchange?.secret, ...hs.secrets.handshake, ...(secured ? [] : hs.secrets.application));
  }
}

/** Everything that the ClientHello, or two of them, have to say. */
function* negotiate13(negotiation: Negotiation): Steps<Handshake13> {
  checkHello13(negotiation.hello);
  const known = yield* findPsk(negotiation);
  try {
    return yield* agree13(negotiation, known);
  } finally {
    wipePsk(known);
  }
}

/** Suite, group, PSK and protocol. */
function* agree13(negotiation: Negotiation, known: KnownPsk | undefined): Steps<Handshake13> {
  const { policy, provider, report, config } = negotiation;
  const suite = selectSuite13(negotiation.hello, config, known?.hash);
  report.cipherSuite = suite;
  const { hello, transcript, group } = yield* agreeOnGroup(negotiation, suite);
  const partialHash = addHello(transcript, hello);
  const retried = hello === negotiation.hello ? negotiation : { ...negotiation, hello };
  const psk = choosePsk(retried, known, suite, partialHash, group);
  if (psk === undefined) {
    // Without certificates there is nothing to fall back on: a wrong identity gets the answer of a wrong key.
    if (policy.externalPsk && partialHash && config.credentials.length === 0) {
      fail('decryptError', 'the client offers no PSK that is known', 'PSK_IDENTITY_NOT_FOUND');
    }
    checkFullHello13(hello);
    if (group === undefined) fail('handshakeFailure', 'no common group', 'NO_SHARED_GROUP');
  }
  let agreed: Handshake13 | undefined;
  try {
    // The callback that chooses the protocol may choose another certificate with it.
    const alpn = yield* selectAlpn(hello, config);
    report.alpnProtocol = alpn;
    agreed = {
      ...retried,
      suite,
      transcript,
      psk,
      alpn,
      identity: psk ? undefined : selectIdentity13(hello, config),
      // RFC 8446 section 4.3.2: who authenticates by a PSK does not ask for a certificate.
      clientAuth: psk ? undefined : config.clientAuth,
      takesEarlyData: yield* admitEarlyData(retried, suite, psk, alpn),
      limits: selectSizeLimits(hello, config, ProtocolVersion.tls13),
      exchange: exchangeKeys(negotiation, hello, psk, group),
      schedule: psk?.schedule ?? new KeySchedule(provider, suite),
      secrets: { handshake: [], application: [] },
    };
    return agreed;
  } finally {
    if (agreed === undefined) psk?.schedule.end();
  }
}

/** What the server's flight leaves behind. */
interface Flight {
  readonly ownFinished: Uint8Array;
  /** The secrets under which the client's second flight comes. */
  readonly traffic: TrafficSecrets;
  readonly application: TrafficSecrets & { readonly exporter: Uint8Array };
  /** The transcript up to our Finished. */
  readonly transcriptHash: Uint8Array;
}

/** From ServerHello to Finished (RFC 8446 sections 4.1.3 to 4.4.4). */
function* sendServerFlight(hs: Handshake13): Steps<Flight> {
  const { provider, channel, report, config, hello, suite, transcript, schedule, limits, exchange } = hs;
  const early = hs.takesEarlyData ? schedule.earlyTraffic(transcript.digest()) : undefined;
  sendServerHello(hs, exchange);
  const traffic = schedule.handshake(exchange?.secret ?? new Uint8Array(hashLength[suite.hash]), transcript.digest());
  if (exchange) wipe(exchange.secret);
  hs.secrets.handshake = [traffic.client, traffic.server];
  logSecrets(hs, 'HANDSHAKE_TRAFFIC_SECRET', traffic);
  channel.protectSending(sealer(hs, traffic.server));
  if (early) {
    channel.keylog(() => keylogLine('CLIENT_EARLY_TRAFFIC_SECRET', hello.random, early));
    channel.protectReceiving(earlyOpener(hs, early));
    channel.takeEarlyData(hs.psk!.session!.maxEarlyData);
    wipe(early);
  } else {
    channel.protectReceiving(opener(hs, traffic.client));
    if (hello.offers.earlyData) channel.skipEarlyData('undecryptable', mostEarlyData(hs));
  }
  channel.limitFragments(limits.sending);
  if (config.padding) channel.padRecords(config.padding);
  else if (!config.hasFixedRecords) channel.growRecords();

  send(hs, writeEncryptedExtensions(encryptedReplies(hs)));
  if (hs.clientAuth) send(hs, writeCertificateRequest13(certificateRequest(hs, hs.clientAuth), noContext));
  if (hs.identity) yield* sendCertificate(hs, hs.identity);
  const ownFinished = finishedVerifyData(provider, suite, traffic.server, transcript.digest());
  send(hs, writeFinished(ownFinished));
  report.reach('serverFinished');

  const transcriptHash = transcript.digest();
  const application = schedule.application(transcriptHash);
  hs.secrets.application = [application.client, application.server, application.exporter];
  logSecrets(hs, 'TRAFFIC_SECRET_0', application);
  channel.keylog(() => keylogLine('EXPORTER_SECRET', hello.random, application.exporter));
  channel.protectSending(sealer(hs, application.server));
  return { ownFinished, traffic, application, transcriptHash };
}

/** The client's answer up to its Finished, and our tickets behind it. */
function* receiveClientFlight(hs: Handshake13, flight: Flight): Steps<Secured> {
  const { channel, transcript, clientAuth, psk } = hs;
  const { ownFinished, traffic, application } = flight;
  if (hs.takesEarlyData) yield* receiveEndOfEarlyData(hs, traffic);
  const client = clientAuth ? yield* receiveClientCertificate(hs, clientAuth, transcript, noContext) : psk?.client;
  const finished = yield* message('finished');
  const hasGoneOn = clientAuth !== undefined || hs.takesEarlyData;
  const transcriptHash = hasGoneOn ? transcript.digest() : flight.transcriptHash;
  const peerFinished = checkFinished(hs, traffic.client, transcriptHash, finished);
  transcript.add(finished.raw);
  channel.protectReceiving(opener(hs, application.client));
  const canUseTickets = isForTickets(hs);
  const lasting = lastingSecrets(application, canUseTickets ? hs.schedule.resumption(transcript.digest()) : undefined);
  hs.secrets.application = [lasting.traffic.bytes, lasting.others.bytes];
  const tickets = canUseTickets ? ticketIssuer(hs, lasting.others, client) : undefined;
  if (tickets) yield* sendTickets(hs, tickets);
  const requestCertificate = hs.hello.offers.postHandshakeAuth ? laterRequests(hs, transcript.copy()) : undefined;
  return new Secured13(hs, lasting, { ownFinished, peerFinished, client, tickets, requestCertificate });
}

/** EndOfEarlyData, after which the client's keys are those of its handshake (RFC 8446 section 4.5). */
function* receiveEndOfEarlyData(hs: Handshake13, traffic: TrafficSecrets): Steps<void> {
  const end = yield* message('endOfEarlyData');
  checkEndOfEarlyData(end);
  hs.transcript.add(end.raw);
  hs.channel.endEarlyData();
  hs.channel.protectReceiving(opener(hs, traffic.client));
  hs.report.reach('endOfEarlyData');
}

/** What of the secrets outlives the handshake; `resumption` where there are tickets. */
const lastingSecrets = (
  { client, server, exporter }: Flight['application'],
  resumption: Uint8Array = new Uint8Array(exporter.length),
): LastingSecrets => ({ traffic: new SecretPair(client, server), others: new SecretPair(exporter, resumption) });

/** Secrets of its own for a connection that goes on while the handshake needs them. */
const copyOf = ({ client, server, exporter }: Flight['application']): LastingSecrets =>
  lastingSecrets({
    // Not `slice`, which of a Buffer is no copy.
    client: new Uint8Array(client) as TrafficSecret,
    server: new Uint8Array(server) as TrafficSecret,
    exporter: new Uint8Array(exporter),
  });

/** The context of a CertificateRequest during the handshake (RFC 8446 section 4.3.2). */
const noContext = new Uint8Array();

function send({ channel, transcript }: Handshake13, bytes: Uint8Array): void {
  transcript.add(bytes);
  channel.send(bytes);
}

function sendServerHello(hs: Handshake13, exchange: Exchange | undefined): void {
  const { hello, provider, channel, report, suite, psk } = hs;
  send(
    hs,
    writeServerHello({
      random: provider.randomBytes(32),
      sessionId: hello.sessionId,
      cipherSuite: suite.id,
      replies: {
        keyShare: exchange && { group: exchange.group, key: exchange.share },
        supportedVersions: ProtocolVersion.tls13,
        preSharedKey: psk?.index,
      },
    }),
  );
  // RFC 8446 appendix D.4: once, after the first message of ours.
  if (hello.sessionId.length > 0 && !report.helloRetryRequest) channel.sendChangeCipherSpec();
  report.reach('serverHello');
}

function encryptedReplies({ hello, config, limits, psk, alpn, takesEarlyData }: Handshake13): Replies {
  return {
    supportedGroups: config.announceGroups ? config.groups : undefined,
    recordSizeLimit: limits.replies.recordSizeLimit,
    maxFragmentLength: limits.replies.maxFragmentLength,
    // RFC 6066 section 3: not when a session is resumed.
    serverName: hello.offers.serverName !== undefined && psk === undefined ? true : undefined,
    alpn,
    earlyData: takesEarlyData ? true : undefined,
  };
}

/** Certificate and CertificateVerify (RFC 8446 section 4.4). */
function* sendCertificate(hs: Handshake13, { credential, scheme }: Identity): Steps<void> {
  const { policy, provider, hello, transcript, report } = hs;
  const staple = hello.offers.statusRequest ? yield* answer(policy.staple?.(credential, hello)) : undefined;
  const certificate = staple ? writeCertificate13(credential.chain, staple) : certificateMessage(credential);
  const { certificateCompression } = hs.config;
  send(hs, compressCertificate(credential, certificate, certificateCompression, hello.offers.compressCertificate));
  report.credential = credential;
  report.signatureScheme = scheme;
  report.reach('certificate');
  const signature = yield* answer(credential.signer.sign(scheme, serverSignatureInput(transcript.digest()), provider));
  send(hs, writeCertificateVerify(scheme, signature));
  report.reach('certificateVerify');
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

/** Whether the client can use tickets: in a mode that we take (RFC 8446 section 4.2.9). */
function isForTickets(hs: Handshake13): boolean {
  const modes = pskModes(hs, hs.hello);
  return hs.policy.sessions !== undefined && (modes.withKeyExchange || modes.alone);
}

/** What makes the tickets. */
function ticketIssuer(hs: Handshake13, secrets: SecretPair, client: ClientIdentity | undefined): TicketIssuer {
  const template = sessionTemplate(hs, client, hs.psk?.session);
  return new TicketIssuer(hs.policy.sessions!, hs.provider, hs.suite, secrets, template);
}

/** The first tickets: as many as are wanted, and after a resumption one for the one that was used. */
function* sendTickets(hs: Handshake13, issuer: TicketIssuer): Steps<void> {
  const { ticketCount } = hs.policy.sessions!;
  for (let left = hs.report.resumed ? Math.min(1, ticketCount) : ticketCount; left > 0; left--) {
    const ticket = yield* answer(issuer.issue());
    if (ticket !== undefined) hs.channel.sendLater(ticket);
  }
}

function logSecrets({ channel, hello }: Handshake13, label: string, { client, server }: TrafficSecrets): void {
  channel.keylog(() => keylogLine(`CLIENT_${label}`, hello.random, client));
  channel.keylog(() => keylogLine(`SERVER_${label}`, hello.random, server));
}
