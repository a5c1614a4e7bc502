import { EventEmitter } from 'node:events';
import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import type { Negotiation } from '../../src/handshake/handshake.ts';
import { checkFinished } from '../../src/handshake/tls13/finished.ts';
import { finishedVerifyData, KeySchedule, type TrafficSecret } from '../../src/handshake/tls13/key-schedule.ts';
import { takePsk } from '../../src/handshake/tls13/pre-shared-keys.ts';
import { retryCookies } from '../../src/handshake/tls13/retry-cookies.ts';
import { ServerSessions } from '../../src/node/sessions.ts';

/** A check of a secret, and inputs that fail it at once or at the very end. */
export interface Subject {
  readonly name: string;
  /** Two classes of inputs, of one length. */
  readonly inputs: readonly [Uint8Array, Uint8Array];
  /** Checks an input. Must not throw. */
  check(input: Uint8Array): unknown;
  /** Whether it is there to show that a leak would be seen. */
  readonly leaks?: boolean;
}

/** The right bytes, wrong in the first byte of a part or in its last. */
function wrongAtEitherEnd(right: Uint8Array, start = 0): readonly [Uint8Array, Uint8Array] {
  const [first, last] = [Uint8Array.from(right), Uint8Array.from(right)];
  first[start]! ^= 0xff;
  last[last.length - 1]! ^= 0xff;
  return [first, last];
}

const failing = (check: () => unknown): unknown => {
  try {
    return check();
  } catch (error) {
    return error;
  }
};

const suite = cipherSuites.find(({ name }) => name === 'TLS_AES_256_GCM_SHA384')!;
const transcriptHash = new Uint8Array(48).fill(3);

/** What happens to a PSK that was found, by its binder. */
function binder(provider: CryptoProvider): Subject {
  const psk = new Uint8Array(48).fill(5);
  const identity = new Uint8Array(200).fill(6);
  const key = new KeySchedule(provider, suite, psk).binderKey('res binder');
  const right = finishedVerifyData(provider, suite, key, transcriptHash);
  const hs = { provider } as Negotiation;
  const offer = { identities: [{ identity, obfuscatedTicketAge: 0 }], bindersLength: 51 };
  return {
    name: 'binder of a PSK (RFC 8446 section 4.2.11.2)',
    inputs: wrongAtEitherEnd(right),
    check(input) {
      const known = { secret: Uint8Array.from(psk), hash: 'sha384', binderLabel: 'res binder', identity } as const;
      return failing(() => takePsk(hs, known, suite, { ...offer, binders: [input] }, transcriptHash));
    },
  };
}

/** A comparison that ends at the first difference. */
function naive(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** All that compares something with a secret, and one that should not be like that. */
export function subjects(provider: CryptoProvider): readonly Subject[] {
  const secret = (): TrafficSecret => new Uint8Array(48).fill(7) as TrafficSecret;
  const finished = finishedVerifyData(provider, suite, secret(), transcriptHash);
  const sessions = new ServerSessions(new EventEmitter(), {});
  const ticket = sessions.tickets!.seal(new Uint8Array(150));
  const cookies = retryCookies(provider);
  const cookie = cookies.seal(transcriptHash);
  const message = { type: 20, raw: finished };
  return [
    {
      name: 'Finished, TLS 1.3',
      inputs: wrongAtEitherEnd(finished),
      check: (body) =>
        failing(() => checkFinished({ provider, suite }, secret(), transcriptHash, { ...message, body })),
    },
    {
      name: 'comparison of a Finished, TLS 1.2',
      inputs: wrongAtEitherEnd(finished.subarray(0, 12)),
      check: (body) => provider.equal(body, finished.subarray(0, 12)),
    },
    binder(provider),
    {
      name: 'tag of a ticket',
      inputs: wrongAtEitherEnd(ticket, ticket.length - 16),
      check: (input) => sessions.tickets!.open(input),
    },
    {
      name: 'content of a ticket',
      // Behind the name of the key and the nonce, and just before the tag.
      inputs: [wrongAtEitherEnd(ticket, 28)[0], wrongAtEitherEnd(ticket, ticket.length - 17)[0]],
      check: (input) => sessions.tickets!.open(input),
    },
    {
      name: 'cookie of a HelloRetryRequest',
      inputs: wrongAtEitherEnd(cookie, cookie.length - 32),
      check: (input) => cookies.open(input),
    },
    {
      name: 'for comparison: 48 bytes, one by one until they differ',
      inputs: wrongAtEitherEnd(finished),
      check: (input) => naive(input, finished),
      leaks: true,
    },
  ];
}
