import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { KeyAgreement } from '../../crypto/provider.ts';
import type { ClientHello } from '../../messages/client-hello.ts';
import { type Negotiation, Transcript } from '../handshake.ts';
import type { Steps } from '../steps.ts';
import { helloRetry } from './hello-retry.ts';
import { selectGroup } from './negotiate.ts';
import { type ChosenPsk, type KnownPsk, pskModes, takePsk } from './pre-shared-keys.ts';

/** What both sides agreed upon before the key exchange. */
export interface Agreed {
  readonly hello: ClientHello;
  /** All that came before `hello`. */
  readonly transcript: Transcript;
  /** The group and the client's share of it; absent where only a PSK can help. */
  readonly group: { readonly agreement: KeyAgreement; readonly share: Uint8Array } | undefined;
}

/** Chooses the group, asking for a share of it where the client sent none. */
export function* agreeOnGroup(negotiation: Negotiation, suite: CipherSuite): Steps<Agreed> {
  const { hello, config, provider, report } = negotiation;
  const choice = selectGroup(hello, config, provider);
  report.group = choice?.agreement.group;
  if (choice !== undefined && choice.share === undefined) {
    const retried = yield* helloRetry(negotiation, suite, choice.agreement.group);
    return { ...retried, group: { agreement: choice.agreement, share: retried.share } };
  }
  const transcript = new Transcript(provider.hash(suite.hash));
  return { hello, transcript, group: choice && { agreement: choice.agreement, share: choice.share! } };
}

/** Adds the ClientHello to the transcript; the hash up to its binders if it has some (RFC 8446 section 4.2.11.2). */
export function addHello(transcript: Transcript, { raw, offers }: ClientHello): Uint8Array | undefined {
  if (offers.preSharedKey === undefined) {
    transcript.add(raw);
    return undefined;
  }
  const end = raw.length - offers.preSharedKey.bindersLength;
  const partialHash = transcript.add(raw.subarray(0, end)).digest();
  transcript.add(raw.subarray(end));
  return partialHash;
}

/** The PSK to go on with, if the client still offers it, and in a way that we take. */
export function choosePsk(
  hs: Negotiation,
  known: KnownPsk | undefined,
  suite: CipherSuite,
  partialHash: Uint8Array | undefined,
  group: Agreed['group'],
): ChosenPsk | undefined {
  const offer = hs.hello.offers.preSharedKey;
  const modes = pskModes(hs, hs.hello);
  if (known === undefined || offer === undefined || partialHash === undefined) return undefined;
  if (!(modes.withKeyExchange && group !== undefined) && !modes.alone) return undefined;
  const psk = takePsk(hs, known, suite, offer, partialHash);
  hs.report.resumed = psk?.session !== undefined;
  return psk;
}

/** A key exchange that is done. */
export interface Exchange {
  readonly group: number;
  /** Our share. */
  readonly share: Uint8Array;
  readonly secret: Uint8Array;
}

/** The key exchange, without which only a PSK in mode psk_ke can be. */
export function exchangeKeys(
  hs: Negotiation,
  hello: ClientHello,
  psk: ChosenPsk | undefined,
  group: Agreed['group'],
): Exchange | undefined {
  if (group === undefined || (psk && !pskModes(hs, hello).withKeyExchange)) {
    hs.report.group = undefined;
    return undefined;
  }
  const { share, secret } = group.agreement.respond(group.share);
  return { group: group.agreement.group, share, secret };
}
