import { hashLength } from '../../crypto/cipher-suites.ts';
import type { Replies } from '../../extensions/registry.ts';
import { writeCertificateRequest13 } from '../../messages/certificate-request.ts';
import { writeEncryptedExtensions } from '../../messages/encrypted-extensions.ts';
import { checkEndOfEarlyData } from '../../messages/end-of-early-data.ts';
import { writeFinished } from '../../messages/finished.ts';
import { writeServerHello } from '../../messages/server-hello.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import { certificateRequest } from '../client-authentication.ts';
import type { Negotiation, Secured } from '../handshake.ts';
import { keylogLine } from '../keylog.ts';
import type { Identity } from '../selection.ts';
import { goOnEarly, message, type Steps } from '../steps.ts';
import { type Handshake13, negotiate13 } from './agreement.ts';
import { receiveClientCertificate } from './client-certificate.ts';
import { mostEarlyData } from './early-data.ts';
import { checkFinished } from './finished.ts';
import { canUseTickets, sendTickets, ticketIssuer } from './first-tickets.ts';
import type { Exchange } from './key-exchange.ts';
import { finishedVerifyData, type TrafficSecrets } from './key-schedule.ts';
import { type ApplicationSecrets, copySecrets, LastingSecrets } from './lasting-secrets.ts';
import { laterRequests, mayRequestLater } from './post-handshake-auth.ts';
import { earlyOpener, opener, Secured13, sealer } from './secured13.ts';
import { certificate13, certificateVerify13 } from './server-certificate.ts';

/** The server's side of RFC 8446 figure 1. */
export function* handshake13(negotiation: Negotiation): Steps<Secured> {
  const hs = yield* negotiate13(negotiation);
  let secured: Secured | undefined;
  try {
    const flight = yield* sendServerFlight(hs);
    if (hs.takesEarlyData) {
      const known = { ownFinished: flight.ownFinished, client: hs.psk?.client };
      yield* goOnEarly(new Secured13(hs, copySecrets(flight.application), known));
    }
    secured = yield* receiveClientFlight(hs, flight);
    return secured;
  } finally {
    // However the handshake ends, none of its secrets stay.
    hs.schedule.end();
    hs.transcript.release();
    wipe(hs.exchange?.secret, ...hs.secrets.handshake, ...(secured ? [] : hs.secrets.application));
  }
}

/** What the server's flight leaves behind. */
interface Flight {
  readonly ownFinished: Uint8Array;
  /** The secrets under which the client's second flight comes. */
  readonly traffic: TrafficSecrets;
  readonly application: ApplicationSecrets;
  /** The transcript up to our Finished. */
  readonly transcriptHash: Uint8Array;
}

/** From ServerHello to Finished (RFC 8446 sections 4.1.3 to 4.4.4). */
function* sendServerFlight(hs: Handshake13): Steps<Flight> {
  const { provider, channel, report, config, hello, suite, transcript, schedule, limits, exchange } = hs;
  const early = hs.takesEarlyData ? schedule.earlyTraffic(transcript.digest()) : undefined;
  if (early) hs.secrets.handshake = [early];
  sendServerHello(hs, exchange);
  const traffic = schedule.handshake(exchange?.secret ?? new Uint8Array(hashLength[suite.hash]), transcript.digest());
  if (exchange) wipe(exchange.secret);
  hs.secrets.handshake = [...hs.secrets.handshake, traffic.client, traffic.server];
  logSecrets(hs, 'HANDSHAKE_TRAFFIC_SECRET', traffic);
  channel.protectSending(sealer(hs, traffic.server));
  if (early) {
    channel.keylog(() => keylogLine('CLIENT_EARLY_TRAFFIC_SECRET', hello.random, early));
    channel.protectReceiving(earlyOpener(hs, early));
    channel.takeEarlyData(hs.psk!.session!.maxEarlyData);
    wipe(early);
  } else {
    channel.protectReceiving(opener(hs, traffic.client));
    if (hello.offers.earlyData) channel.skipEarlyData('undecryptable', mostEarlyData(hs, hs.psk?.session));
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
  const isForTickets = canUseTickets(hs);
  const resumption = isForTickets ? hs.schedule.resumption(transcript.digest()) : undefined;
  const lasting = new LastingSecrets(application, resumption);
  hs.secrets.application = [lasting.traffic.bytes, lasting.others.bytes];
  const tickets = isForTickets ? ticketIssuer(hs, lasting.others, client) : undefined;
  if (tickets) yield* sendTickets(hs, tickets);
  const requestCertificate = mayRequestLater(hs) ? laterRequests(hs, transcript.copy()) : undefined;
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

function encryptedReplies(hs: Handshake13): Replies {
  const { hello, config, limits, psk, alpn, takesEarlyData } = hs;
  return {
    supportedGroups: config.announceGroups ? config.groups : preferredGroups(hs),
    recordSizeLimit: limits.replies.recordSizeLimit,
    maxFragmentLength: limits.replies.maxFragmentLength,
    // RFC 6066 section 3: not when a session is resumed.
    serverName: hello.offers.serverName !== undefined && psk === undefined ? true : undefined,
    alpn,
    earlyData: takesEarlyData ? true : undefined,
  };
}

/** Our groups, for a client that has a better one in common with us than that of its share (RFC 8446 section 4.2.7). */
function preferredGroups({ hello, config, provider, exchange }: Handshake13): readonly number[] | undefined {
  if (exchange === undefined) return undefined;
  const { supportedGroups = [] } = hello.offers;
  const groups = config.groups.filter((group) => provider.keyAgreement(group) !== undefined);
  return groups.find((group) => supportedGroups.includes(group)) === exchange.group ? undefined : groups;
}

/** Certificate and CertificateVerify (RFC 8446 section 4.4). */
function* sendCertificate(hs: Handshake13, identity: Identity): Steps<void> {
  const { report } = hs;
  send(hs, yield* certificate13(hs, identity));
  report.credential = identity.credential;
  report.signatureScheme = identity.scheme;
  report.reach('certificate');
  send(hs, yield* certificateVerify13(hs, identity));
  report.reach('certificateVerify');
}

function logSecrets({ channel, hello }: Handshake13, label: string, { client, server }: TrafficSecrets): void {
  channel.keylog(() => keylogLine(`CLIENT_${label}`, hello.random, client));
  channel.keylog(() => keylogLine(`SERVER_${label}`, hello.random, server));
}
