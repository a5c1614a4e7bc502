import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import type { Replies } from '../../extensions/registry.ts';
import { writeCertificate13 } from '../../messages/certificate.ts';
import { serverSignatureInput, writeCertificateVerify } from '../../messages/certificate-verify.ts';
import { writeEncryptedExtensions } from '../../messages/encrypted-extensions.ts';
import { writeFinished } from '../../messages/finished.ts';
import { writeServerHello } from '../../messages/server-hello.ts';
import { Opener13, Sealer13 } from '../../record/protection13.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import type { Credential } from '../../x509/credential.ts';
import { type Negotiation, type Secured, Transcript } from '../handshake.ts';
import { keylogLine } from '../keylog.ts';
import { type Identity, type SizeLimits, selectAlpn, selectSizeLimits } from '../selection.ts';
import { answer, message, type Steps } from '../steps.ts';
import { helloRetry } from './hello-retry.ts';
import {
  exportKeyingMaterial,
  finishedVerifyData,
  KeySchedule,
  nextTrafficSecret,
  type TrafficSecret,
  type TrafficSecrets,
  trafficKey,
} from './key-schedule.ts';
import { checkHello13, selectGroup, selectIdentity13, selectSuite13 } from './negotiate.ts';

/** A TLS 1.3 handshake all of whose parameters are chosen. */
interface Handshake13 extends Negotiation {
  readonly suite: CipherSuite;
  readonly identity: Identity;
  readonly transcript: Transcript;
  readonly schedule: KeySchedule;
  readonly limits: SizeLimits;
}

/** The server's side of RFC 8446 figure 1. */
export function* handshake13(negotiation: Negotiation): Steps<Secured> {
  const { provider, channel, report, config } = negotiation;
  const essentials = checkHello13(negotiation.hello);
  const suite = selectSuite13(negotiation.hello, config);
  report.cipherSuite = suite;
  const { agreement, share } = selectGroup(essentials, config, provider);
  report.group = agreement.group;
  const identity = selectIdentity13(negotiation.hello, config);
  const alpn = yield* selectAlpn(negotiation.hello, config);
  report.alpnProtocol = alpn;
  const {
    hello,
    transcript,
    share: clientShare,
  } = share
    ? { hello: negotiation.hello, transcript: startTranscript(negotiation, suite), share }
    : yield* helloRetry(negotiation, suite, agreement.group);
  const exchange = agreement.respond(clientShare);
  const hs: Handshake13 = {
    policy: negotiation.policy,
    provider,
    channel,
    report,
    config,
    hello,
    suite,
    identity,
    transcript,
    schedule: new KeySchedule(provider, suite),
    limits: selectSizeLimits(hello, config, ProtocolVersion.tls13),
  };

  sendServerHello(hs, agreement.group, exchange.share);
  const traffic = hs.schedule.handshake(exchange.secret, transcript.digest());
  exchange.secret.fill(0);
  logSecrets(hs, 'HANDSHAKE_TRAFFIC_SECRET', traffic);
  channel.protectSending(sealer(hs, traffic.server));
  channel.protectReceiving(opener(hs, traffic.client));
  if (hello.offers.earlyData) channel.skipEarlyData('undecryptable');
  channel.limitFragments(hs.limits.sending);
  if (config.padding) channel.padRecords(config.padding);

  send(hs, writeEncryptedExtensions(encryptedReplies(hs, alpn)));
  yield* sendCertificate(hs);
  const ownFinished = finishedVerifyData(provider, suite, traffic.server, transcript.digest());
  send(hs, writeFinished(ownFinished));
  report.reach('serverFinished');

  const afterFinished = transcript.digest();
  const application = hs.schedule.application(afterFinished);
  hs.schedule.end();
  logSecrets(hs, 'TRAFFIC_SECRET_0', application);
  channel.keylog(() => keylogLine('EXPORTER_SECRET', hello.random, application.exporter));
  channel.protectSending(sealer(hs, application.server));

  const peerFinished = yield* receiveFinished(hs, traffic.client, afterFinished);
  channel.protectReceiving(opener(hs, application.client));
  traffic.client.fill(0);
  traffic.server.fill(0);
  return secured(hs, application, ownFinished, peerFinished);
}

const startTranscript = ({ provider, hello }: Negotiation, suite: CipherSuite): Transcript =>
  new Transcript(provider.hash(suite.hash)).add(hello.raw);

function send({ channel, transcript }: Handshake13, bytes: Uint8Array): void {
  transcript.add(bytes);
  channel.send(bytes);
}

function sendServerHello(hs: Handshake13, group: number, key: Uint8Array): void {
  const { hello, provider, channel, report, suite } = hs;
  send(
    hs,
    writeServerHello({
      random: provider.randomBytes(32),
      sessionId: hello.sessionId,
      cipherSuite: suite.id,
      replies: { keyShare: { group, key }, supportedVersions: ProtocolVersion.tls13 },
    }),
  );
  // RFC 8446 appendix D.4: once, after the first message of ours.
  if (hello.sessionId.length > 0 && !report.helloRetryRequest) channel.sendChangeCipherSpec();
  report.reach('serverHello');
}

function encryptedReplies({ hello, config, limits }: Handshake13, alpn: string | undefined): Replies {
  return {
    ...limits.replies,
    ...(config.announceGroups && { supportedGroups: config.groups }),
    ...(hello.offers.serverName !== undefined && { serverName: true }),
    ...(alpn !== undefined && { alpn }),
  };
}

/** Certificate and CertificateVerify (RFC 8446 section 4.4). */
function* sendCertificate(hs: Handshake13): Steps<void> {
  const { credential, scheme } = hs.identity;
  send(hs, certificateMessage(credential));
  hs.report.signatureScheme = scheme;
  hs.report.reach('certificate');
  const signature = yield* answer(credential.signer.sign(scheme, serverSignatureInput(hs.transcript.digest())));
  send(hs, writeCertificateVerify(scheme, signature));
  hs.report.reach('certificateVerify');
}

/** The Certificate of a credential, which is the same for every client. */
function certificateMessage(credential: Credential): Uint8Array {
  let message = certificateMessages.get(credential);
  if (message === undefined) {
    message = writeCertificate13(credential.chain);
    certificateMessages.set(credential, message);
  }
  return message;
}
const certificateMessages = new WeakMap<Credential, Uint8Array>();

/** The client's Finished (RFC 8446 section 4.4.4). */
function* receiveFinished(hs: Handshake13, secret: TrafficSecret, transcriptHash: Uint8Array): Steps<Uint8Array> {
  const expected = finishedVerifyData(hs.provider, hs.suite, secret, transcriptHash);
  const { body } = yield* message('finished');
  if (body.length !== expected.length) fail('decodeError', `Finished of ${body.length} bytes`, 'BAD_DIGEST_LENGTH');
  if (!hs.provider.equal(body, expected)) fail('decryptError', 'the Finished does not verify', 'DIGEST_CHECK_FAILED');
  return body;
}

const sealer = ({ provider, suite }: Handshake13, secret: TrafficSecret): Sealer13 =>
  new Sealer13(trafficKey(provider, suite, secret), aeadShapes[suite.aead]);

const opener = ({ provider, suite, limits }: Handshake13, secret: TrafficSecret): Opener13 =>
  new Opener13(trafficKey(provider, suite, secret), limits.receiving);

function logSecrets({ channel, hello }: Handshake13, label: string, { client, server }: TrafficSecrets): void {
  channel.keylog(() => keylogLine(`CLIENT_${label}`, hello.random, client));
  channel.keylog(() => keylogLine(`SERVER_${label}`, hello.random, server));
}

/** What outlives the handshake; it keeps the traffic secrets only for key updates. */
function secured(
  hs: Handshake13,
  application: TrafficSecrets & { readonly exporter: Uint8Array },
  ownFinished: Uint8Array,
  peerFinished: Uint8Array,
): Secured {
  const { provider, suite, limits } = hs;
  let { client, server } = application;
  const shape = aeadShapes[suite.aead];
  return {
    version: ProtocolVersion.tls13,
    cipherSuite: suite,
    ownFinished,
    peerFinished,
    exportKeyingMaterial: (label, length, context = new Uint8Array()) =>
      exportKeyingMaterial(provider, suite, application.exporter, label, context, length),
    nextSealer() {
      server = nextTrafficSecret(provider, suite, server);
      return new Sealer13(trafficKey(provider, suite, server), shape);
    },
    nextOpener() {
      client = nextTrafficSecret(provider, suite, client);
      return new Opener13(trafficKey(provider, suite, client), limits.receiving);
    },
  };
}
