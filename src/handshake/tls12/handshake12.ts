import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import type { EphemeralKey } from '../../crypto/provider.ts';
import { writeCertificate12 } from '../../messages/certificate.ts';
import { readClientKeyExchange } from '../../messages/client-key-exchange.ts';
import { writeFinished } from '../../messages/finished.ts';
import { writeServerHello } from '../../messages/server-hello.ts';
import {
  serverKeyExchangeInput,
  writeEcdhParameters,
  writeServerHelloDone,
  writeServerKeyExchange,
} from '../../messages/server-key-exchange.ts';
import { Opener12, Sealer12 } from '../../record/protection12.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { type Negotiation, type Secured, Transcript } from '../handshake.ts';
import { keylogLine } from '../keylog.ts';
import { type SizeLimits, selectAlpn, selectSizeLimits } from '../selection.ts';
import { answer, changeCipherSpec, message, type Steps } from '../steps.ts';
import { exportKeyingMaterial12, keyBlock, masterSecret, type Randoms, verifyData } from './key-schedule12.ts';
import { type Choice12, negotiate12, offersSecureRenegotiation } from './negotiate12.ts';

/** A TLS 1.2 handshake all of whose parameters are chosen. */
interface Handshake12 extends Negotiation {
  readonly choice: Choice12;
  readonly suite: CipherSuite;
  readonly transcript: Transcript;
  readonly randoms: Randoms;
  readonly limits: SizeLimits;
}

/** The server's side of RFC 5246 figure 1, with the key exchange of RFC 8422. */
export function* handshake12(negotiation: Negotiation): Steps<Secured> {
  const { hello, config, provider, channel, report } = negotiation;
  const secureRenegotiation = offersSecureRenegotiation(hello);
  const choice = negotiate12(hello, config, provider);
  report.cipherSuite = choice.suite;
  report.group = choice.group;
  const alpn = yield* selectAlpn(hello, config);
  report.alpnProtocol = alpn;
  const hs: Handshake12 = {
    policy: negotiation.policy,
    provider,
    channel,
    report,
    config,
    hello,
    choice,
    suite: choice.suite,
    transcript: new Transcript(provider.hash(choice.suite.hash)).add(hello.raw),
    randoms: { client: hello.random, server: serverRandom(negotiation) },
    limits: selectSizeLimits(hello, config, ProtocolVersion.tls12),
  };

  sendServerHello(hs, secureRenegotiation, alpn);
  channel.limitFragments(hs.limits.sending);
  send(hs, writeCertificate12(choice.identity.credential.chain));
  report.reach('certificate');
  const ephemeral = yield* sendKeyExchange(hs);
  send(hs, writeServerHelloDone());
  report.reach('serverHelloDone');

  const master = yield* receiveKeyExchange(hs, ephemeral);
  channel.keylog(() => keylogLine('CLIENT_RANDOM', hello.random, master));
  const keys = keyBlock(provider, hs.suite, master, hs.randoms);
  const shape = aeadShapes[hs.suite.aead];

  yield* changeCipherSpec();
  channel.protectReceiving(new Opener12(keys.client, shape, hs.limits.receiving));
  const peerFinished = yield* receiveFinished(hs, master);
  channel.sendChangeCipherSpec();
  channel.protectSending(new Sealer12(keys.server, shape));
  const ownFinished = verifyData(provider, hs.suite, master, 'server', hs.transcript.digest());
  send(hs, writeFinished(ownFinished));
  report.reach('serverFinished');
  const { suite, randoms } = hs;
  return {
    version: ProtocolVersion.tls12,
    cipherSuite: suite,
    ownFinished,
    peerFinished,
    exportKeyingMaterial: (label, length, context) =>
      exportKeyingMaterial12(provider, suite, master, randoms, label, context, length),
  };
}

function send({ channel, transcript }: Handshake12, bytes: Uint8Array): void {
  transcript.add(bytes);
  channel.send(bytes);
}

/** 32 bytes; the last eight warn clients of TLS 1.3 against a forced downgrade (RFC 8446 section 4.1.3). */
function serverRandom({ provider, config }: Negotiation): Uint8Array {
  const random = Uint8Array.from(provider.randomBytes(32));
  if (config.maxVersion >= ProtocolVersion.tls13) random.set(downgradeSentinel, 24);
  return random;
}

/** "DOWNGRD" and 1. */
const downgradeSentinel = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01);

function sendServerHello(hs: Handshake12, secureRenegotiation: boolean, alpn: string | undefined): void {
  const { offers } = hs.hello;
  send(
    hs,
    writeServerHello({
      random: hs.randoms.server,
      // Empty: this server does not offer to resume by session id (RFC 5246 section 7.4.1.3).
      sessionId: new Uint8Array(),
      cipherSuite: hs.suite.id,
      replies: {
        ...hs.limits.replies,
        ...(offers.serverName !== undefined && { serverName: true }),
        ...(secureRenegotiation && { renegotiationInfo: true }),
        ...(offers.extendedMasterSecret && { extendedMasterSecret: true }),
        ...(offers.ecPointFormats && { ecPointFormats: true }),
        ...(alpn !== undefined && { alpn }),
      },
    }),
  );
  hs.report.reach('serverHello');
}

/** ServerKeyExchange (RFC 8422 section 5.4). */
function* sendKeyExchange(hs: Handshake12): Steps<EphemeralKey> {
  const { group, generate, identity } = hs.choice;
  const ephemeral = generate();
  const parameters = writeEcdhParameters(group, ephemeral.share);
  hs.report.signatureScheme = identity.scheme;
  const input = serverKeyExchangeInput(hs.randoms.client, hs.randoms.server, parameters);
  const signature = yield* answer(identity.credential.signer.sign(identity.scheme, input));
  send(hs, writeServerKeyExchange(parameters, identity.scheme, signature));
  hs.report.reach('serverKeyExchange');
  return ephemeral;
}

/** ClientKeyExchange; the result is the master secret. */
function* receiveKeyExchange(hs: Handshake12, ephemeral: EphemeralKey): Steps<Uint8Array> {
  const exchange = yield* message('clientKeyExchange');
  const premaster = ephemeral.derive(readClientKeyExchange(exchange));
  hs.transcript.add(exchange.raw);
  hs.report.reach('clientKeyExchange');
  const binding = hs.hello.offers.extendedMasterSecret ? { sessionHash: hs.transcript.digest() } : hs.randoms;
  const master = masterSecret(hs.provider, hs.suite, premaster, binding);
  premaster.fill(0);
  return master;
}

/** The client's Finished (RFC 5246 section 7.4.9). */
function* receiveFinished(hs: Handshake12, master: Uint8Array): Steps<Uint8Array> {
  const expected = verifyData(hs.provider, hs.suite, master, 'client', hs.transcript.digest());
  const { body, raw } = yield* message('finished');
  if (body.length !== expected.length) fail('decodeError', `Finished of ${body.length} bytes`, 'BAD_DIGEST_LENGTH');
  if (!hs.provider.equal(body, expected)) fail('decryptError', 'the Finished does not verify', 'DIGEST_CHECK_FAILED');
  hs.transcript.add(raw);
  return body;
}
