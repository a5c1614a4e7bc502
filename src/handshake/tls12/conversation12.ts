import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import type { Aead } from '../../crypto/provider.ts';
import type { Replies } from '../../extensions/registry.ts';
import { writeFinished } from '../../messages/finished.ts';
import { writeNewSessionTicket12 } from '../../messages/new-session-ticket.ts';
import { readNextProtocol } from '../../messages/next-protocol.ts';
import { writeServerHello } from '../../messages/server-hello.ts';
import type { Opener, TrafficKey } from '../../record/protection.ts';
import { Opener12, Sealer12 } from '../../record/protection12.ts';
import { maxPlaintextLength } from '../../record/record-reader.ts';
import { fail } from '../../wire/alert.ts';
import type { Negotiation, Transcript } from '../handshake.ts';
import { keylogLine } from '../keylog.ts';
import { maxTicketLength } from '../resumption.ts';
import type { SizeLimits } from '../selection.ts';
import { changeCipherSpec, message, type Steps } from '../steps.ts';
import { keyBlock, type Randoms, verifyData } from './key-schedule12.ts';

/** What full and abbreviated handshakes of TLS 1.2 have in common. */
export interface Conversation12 extends Negotiation {
  readonly suite: CipherSuite;
  readonly transcript: Transcript;
  readonly randoms: Randoms;
  readonly limits: SizeLimits;
  readonly alpn: string | undefined;
  /** The protocols that NPN offers, if it is to be used. */
  readonly npn: readonly string[] | undefined;
  readonly secureRenegotiation: boolean;
  /** What is to be wiped when the handshake fails. */
  readonly secrets: Uint8Array[];
  /** Keys that nothing is protected with yet: to be released then. */
  readonly keys: Set<Aead>;
}

interface Keys {
  readonly client: TrafficKey;
  readonly server: TrafficKey;
}

/** Sends a message and adds it to the transcript. */
export function send({ channel, transcript }: Conversation12, bytes: Uint8Array): void {
  transcript.add(bytes);
  channel.send(bytes);
}

/** What not every kind of handshake answers. */
type MoreReplies = Pick<Replies, 'serverName' | 'sessionTicket' | 'statusRequest'>;

/** ServerHello with what every handshake answers, and `more`. */
export function sendServerHello(hs: Conversation12, sessionId: Uint8Array, more: MoreReplies): void {
  const { limits } = hs;
  const { offers } = hs.hello;
  send(
    hs,
    writeServerHello({
      random: hs.randoms.server,
      sessionId,
      cipherSuite: hs.suite.id,
      replies: {
        recordSizeLimit: limits.replies.recordSizeLimit,
        maxFragmentLength: limits.replies.maxFragmentLength,
        renegotiationInfo: hs.secureRenegotiation ? true : undefined,
        extendedMasterSecret: offers.extendedMasterSecret ? true : undefined,
        ecPointFormats: offers.ecPointFormats && hs.suite.keyExchange === 'ecdhe' ? true : undefined,
        alpn: hs.alpn,
        nextProtocolNegotiation: hs.npn,
        serverName: more.serverName,
        sessionTicket: more.sessionTicket,
        statusRequest: more.statusRequest,
      },
    }),
  );
  hs.channel.expectRecords12(limits.replies.maxFragmentLength ?? maxPlaintextLength);
  hs.report.reach('serverHello');
}

/** NewSessionTicket (RFC 5077 section 3.3): comes before our ChangeCipherSpec. A ticket that is too long is left empty. */
export function sendNewTicket(hs: Conversation12, session: Uint8Array): void {
  const { tickets, lifetime } = hs.policy.sessions!;
  const ticket = tickets!.seal(session);
  send(
    hs,
    ticket.length > maxTicketLength ? writeNewSessionTicket12(0, noTicket) : writeNewSessionTicket12(lifetime, ticket),
  );
}

const noTicket = new Uint8Array();

/** The keys of both directions. */
export function protect(hs: Conversation12, master: Uint8Array): Keys {
  hs.channel.keylog(() => keylogLine('CLIENT_RANDOM', hs.hello.random, master));
  const keys = keyBlock(hs.provider, hs.suite, master, hs.randoms);
  hs.keys.add(keys.client.aead).add(keys.server.aead);
  return keys;
}

/** Our ChangeCipherSpec and Finished (RFC 5246 section 7.4.9); the result is its verify_data. */
export function sendFinished(hs: Conversation12, master: Uint8Array, keys: Keys): Uint8Array {
  hs.channel.sendChangeCipherSpec();
  hs.channel.protectSending(new Sealer12(keys.server, aeadShapes[hs.suite.aead]));
  hs.keys.delete(keys.server.aead);
  const ownFinished = verifyData(hs.provider, hs.suite, master, 'server', hs.transcript.digest());
  send(hs, writeFinished(ownFinished));
  hs.report.reach('serverFinished');
  return ownFinished;
}

/** The client's ChangeCipherSpec, its choice of protocol where NPN is used, and its Finished; its verify_data. */
export function* receiveClientFinished(
  hs: Conversation12,
  master: Uint8Array,
  keys: Keys,
  isUnknownPsk = false,
): Steps<Uint8Array> {
  yield* changeCipherSpec();
  const opener = new Opener12(keys.client, aeadShapes[hs.suite.aead], hs.limits.receiving);
  hs.channel.protectReceiving(isUnknownPsk ? blamingIdentity(opener) : opener);
  hs.keys.delete(keys.client.aead);
  if (hs.npn !== undefined) yield* receiveNextProtocol(hs);
  const expected = verifyData(hs.provider, hs.suite, master, 'client', hs.transcript.digest());
  const { body, raw } = yield* message('finished');
  if (body.length !== expected.length) fail('decodeError', `Finished of ${body.length} bytes`, 'BAD_DIGEST_LENGTH');
  if (!hs.provider.equal(body, expected)) fail('decryptError', 'the Finished does not verify', 'DIGEST_CHECK_FAILED');
  hs.transcript.add(raw);
  return expected; // the same bytes, and no part of a larger buffer
}

/** A client with a wrong identity hears what one with a wrong key hears; the server is told which it was. */
const blamingIdentity = (opener: Opener): Opener => ({
  maxFragmentLength: opener.maxFragmentLength,
  open: (type, bytes, start, end) =>
    opener.open(type, bytes, start, end) ??
    fail('badRecordMac', 'the client names a PSK identity that is not known', 'PSK_IDENTITY_NOT_FOUND'),
  release: () => opener.release(),
});

function* receiveNextProtocol(hs: Conversation12): Steps<void> {
  const next = yield* message('nextProtocol');
  hs.report.npnProtocol = readNextProtocol(next);
  hs.transcript.add(next.raw);
}
