import type { EphemeralKey } from '../../crypto/provider.ts';
import { readClientKeyExchange, readPskClientKeyExchange } from '../../messages/client-key-exchange.ts';
import {
  serverKeyExchangeInput,
  writePskServerKeyExchange,
  writeServerKeyExchange,
} from '../../messages/server-key-exchange.ts';
import { wipe } from '../../wire/wipe.ts';
import { Writer } from '../../wire/writer.ts';
import { answer, message, type Steps } from '../steps.ts';
import { type Conversation12, send } from './conversation12.ts';
import { masterSecret } from './key-schedule12.ts';
import type { Choice12 } from './negotiate12.ts';

/** ServerKeyExchange: our share, signed where a certificate says who we are (RFC 8422 section 5.4, RFC 5246 section 7.4.3, RFC 5489 section 2). */
export function* sendKeyExchange(
  hs: Conversation12,
  { exchange, identity }: Choice12,
  ephemeral: EphemeralKey | undefined,
): Steps<void> {
  const parameters = ephemeral && exchange?.writeParameters(ephemeral.share);
  if (identity !== undefined && parameters !== undefined) {
    hs.report.credential = identity.credential;
    hs.report.signatureScheme = identity.scheme;
    const input = serverKeyExchangeInput(hs.randoms.client, hs.randoms.server, parameters);
    const signature = yield* answer(identity.credential.signer.sign(identity.scheme, input, hs.provider));
    send(hs, writeServerKeyExchange(parameters, identity.scheme, signature));
  } else {
    const hint = hs.config.pskIdentityHint;
    // RFC 4279 section 2: without a hint and without a share the message is left out.
    if (hint === undefined && parameters === undefined) return;
    send(hs, writePskServerKeyExchange(hint ?? new Uint8Array(), parameters));
  }
  hs.report.reach('serverKeyExchange');
}

export interface ReceivedKeys {
  /** The master secret, 48 bytes. */
  readonly master: Uint8Array;
  /** Whether the client named a PSK that nobody knows, so that the keys are random. */
  readonly isUnknownPsk: boolean;
}

/** ClientKeyExchange, and the master secret that follows from it. */
export function* receiveKeyExchange(hs: Conversation12, ephemeral: EphemeralKey | undefined): Steps<ReceivedKeys> {
  const exchange = yield* message('clientKeyExchange');
  let premaster: Uint8Array;
  let isUnknownPsk = false;
  if (hs.suite.authentication === 'psk') {
    const { identity, share } = readPskClientKeyExchange(exchange, hs.suite.keyExchange);
    const found = yield* answer(hs.policy.externalPsk?.(identity, hs.hello));
    // A key that is imported in TLS 1.3 serves for nothing else (RFC 9258 section 5.1).
    const psk = found?.isImported ? undefined : found;
    isUnknownPsk = psk === undefined;
    // RFC 4279 section 2: who does not know an identity can go on with a random key, and give away nothing.
    const key = psk?.key ?? hs.provider.randomBytes(32);
    try {
      premaster = pskPremaster(key, ephemeral && share ? ephemeral.derive(share) : new Uint8Array(key.length));
    } finally {
      wipe(key, found?.key);
    }
  } else {
    premaster = ephemeral!.derive(readClientKeyExchange(exchange, hs.suite.keyExchange));
  }
  hs.transcript.add(exchange.raw);
  hs.report.reach('clientKeyExchange');
  const binding = hs.hello.offers.extendedMasterSecret ? { sessionHash: hs.transcript.digest() } : hs.randoms;
  const master = masterSecret(hs.provider, hs.suite, premaster, binding);
  hs.secrets.push(master);
  premaster.fill(0);
  return { master, isUnknownPsk };
}

/** The premaster secret of the PSK suites (RFC 4279 section 2): `other` is the exchanged secret, or zeros. */
function pskPremaster(key: Uint8Array, other: Uint8Array): Uint8Array {
  const premaster = new Writer(key.length + other.length + 4)
    .vector16((w) => w.bytes(other))
    .vector16((w) => w.bytes(key))
    .take();
  other.fill(0);
  return premaster;
}
