import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { PskOffer } from '../../extensions/pre-shared-key.ts';
import type { RawExtension } from '../../extensions/registry.ts';
import { type ClientHello, readClientHello } from '../../messages/client-hello.ts';
import { writeMessageHash } from '../../messages/handshake-message.ts';
import { helloRetryRequestRandom, writeServerHello } from '../../messages/server-hello.ts';
import { fail } from '../../wire/alert.ts';
import { ExtensionType, extensionName, groupName, ProtocolVersion } from '../../wire/code-points.ts';
import { type Negotiation, Transcript } from '../handshake.ts';
import { answer, message, type Steps } from '../steps.ts';
import { mostEarlyData } from './early-data.ts';
import { checkHello13 } from './negotiate.ts';

export interface Retried {
  readonly hello: ClientHello;
  /** All that came before the second ClientHello. */
  readonly transcript: Transcript;
  readonly share: Uint8Array;
}

/** Asks for a key share of `group` by a HelloRetryRequest (RFC 8446 section 4.1.4) and takes the second ClientHello. */
export function* helloRetry(hs: Negotiation, suite: CipherSuite, group: number): Steps<Retried> {
  const { hello: first, config, provider, channel, report } = hs;
  const firstHash = provider.digest(suite.hash, first.raw);
  const cookie = config.retryCookies?.seal(firstHash);
  const request = writeServerHello({
    random: helloRetryRequestRandom,
    sessionId: first.sessionId,
    cipherSuite: suite.id,
    replies: {
      keyShare: { group },
      ...(cookie && { cookie }),
      supportedVersions: ProtocolVersion.tls13,
    },
  });
  channel.send(request);
  // RFC 8446 appendix D.4: after the first flight, for the middleboxes' sake.
  if (first.sessionId.length > 0) channel.sendChangeCipherSpec();
  if (first.offers.earlyData) {
    report.earlyData = 'rejected';
    channel.skipEarlyData('untilHello', mostEarlyData(hs));
  }
  report.helloRetryRequest = true;
  report.reach('helloRetryRequest');

  const hello = readClientHello(yield* message('clientHello'));
  report.clientHello = hello;
  report.reach('secondClientHello');
  checkHello13(hello);
  checkUnchanged(first, hello, cookie !== undefined);
  const { keyShare = [] } = hello.offers;
  const [share] = keyShare;
  if (keyShare.length !== 1 || share?.group !== group) {
    fail('illegalParameter', `the second ClientHello has not one key share of ${groupName(group)}`, 'BAD_KEY_SHARE');
  }
  yield* answer(hs.policy.admit?.());
  if (cookie) checkCookie(hs, hello, firstHash);
  const transcript = new Transcript(provider.hash(suite.hash)).add(writeMessageHash(firstHash)).add(request);
  return { hello, transcript, share: share.key };
}

/** A cookie has to be that of the first ClientHello. */
function checkCookie({ config }: Negotiation, hello: ClientHello, firstHash: Uint8Array): void {
  const { cookie } = hello.offers;
  if (cookie === undefined) fail('missingExtension', 'the second ClientHello lacks the cookie');
  const hash = config.retryCookies?.open(cookie);
  if (hash === undefined || Buffer.compare(hash, firstHash) !== 0)
    fail('illegalParameter', 'the second ClientHello has a cookie that is not its own', 'COOKIE_MISMATCH');
}

/** What a second ClientHello may change (RFC 8446 section 4.1.2, RFC 9849 section 6.1.5): nothing else. */
const mayChange: ReadonlySet<number> = new Set([
  ExtensionType.keyShare,
  ExtensionType.earlyData,
  ExtensionType.preSharedKey,
  ExtensionType.padding,
  ExtensionType.encryptedClientHello,
]);

function checkUnchanged(first: ClientHello, second: ClientHello, hasCookie: boolean): void {
  const changed = (what: string): never =>
    fail('illegalParameter', `the second ClientHello changed ${what}`, 'INVALID_CLIENT_HELLO');
  if (second.legacyVersion !== first.legacyVersion) changed('its version');
  if (Buffer.compare(second.random, first.random) !== 0) changed('its random');
  if (Buffer.compare(second.sessionId, first.sessionId) !== 0) changed('its session id');
  if (second.cipherSuites.join() !== first.cipherSuites.join()) changed('its cipher suites');
  if (second.compressionMethods.join() !== first.compressionMethods.join()) changed('its compression methods');
  if (second.offers.earlyData) changed('nothing of its offer of early data');
  if (!isPartOf(second.offers.preSharedKey, first.offers.preSharedKey)) changed('its PSKs');
  const isFixed = ({ type }: RawExtension): boolean =>
    !mayChange.has(type) && !(hasCookie && type === ExtensionType.cookie);
  const kept = second.extensions.filter(isFixed);
  const before = first.extensions.filter(isFixed);
  if (kept.length !== before.length) changed('its list of extensions');
  for (const [index, { type, data }] of kept.entries()) {
    const original = before[index]!;
    if (original.type !== type || Buffer.compare(original.data, data) !== 0) changed(extensionName(type));
  }
}

/** Whether an offer of PSKs is an earlier one, or what is left of it. */
function isPartOf(offer: PskOffer | undefined, earlier: PskOffer | undefined): boolean {
  let at = 0;
  const wasThere = (identity: Uint8Array): boolean => {
    const known = earlier?.identities ?? [];
    while (at < known.length) if (Buffer.compare(known[at++]!.identity, identity) === 0) return true;
    return false;
  };
  return offer === undefined || offer.identities.every(({ identity }) => wasThere(identity));
}
