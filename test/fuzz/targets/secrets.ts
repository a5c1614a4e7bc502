import { nodeCrypto } from '../../../src/crypto/node/provider.ts';
import { retryCookies } from '../../../src/handshake/tls13/retry-cookies.ts';
import { redisSessions } from '../../../src/redis/index.ts';
import { Seal } from '../../../src/redis/seal.ts';
import { isFresh, readSession, type Session, writeSession } from '../../../src/session/session.ts';
import { TicketKeyRing } from '../../../src/session/ticket-key-ring.ts';
import { readCertificates } from '../corpus.ts';
import { parseVectors } from '../structure.ts';
import { expect, type Target } from '../target.ts';

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const session: Session = {
  version: 0x0304,
  cipherSuite: 0x1301,
  secret: new Uint8Array(32).fill(7),
  extendedMasterSecret: true,
  authenticatedAt: 1_700_000_000_000,
  issuedAt: 1_700_000_060_123,
  lifetime: 7200,
  ageAdd: 0xfedcba98,
  serverName: 'example.org',
  alpnProtocol: 'h2',
  context: Uint8Array.of(1, 2, 3),
  clientAuth: 'require',
  clientChain: readCertificates().slice(0, 2),
  maxEarlyData: 16_384,
  issuer: new Uint8Array(8).fill(3),
};
const bare: Session = {
  ...session,
  version: 0x0303,
  secret: new Uint8Array(48),
  serverName: undefined,
  clientChain: [],
};
const sessions = [session, bare].map(writeSession);

const ring = new TicketKeyRing({ provider: nodeCrypto, now: () => 0, rotateAfter: 0, keepFor: () => 0 });
const tickets = sessions.map((bytes) => ring.seal(bytes));
const cookies = retryCookies(nodeCrypto);
const hashes = [32, 48].map((length) => new Uint8Array(length).fill(length));
const sealedHashes = hashes.map((hash) => cookies.seal(hash));

const secret = 'the secret of a fleet of servers, long enough';
const seal = new Seal(Buffer.from(secret), 'tsls:');
const name = seal.nameOf('session', '00');
const values = sessions.map((bytes) => new Uint8Array(Buffer.from(seal.seal(name, bytes))));

/** A store that answers every command with what it is given. */
function storeThatAnswers(reply: unknown): ReturnType<typeof redisSessions> {
  return redisSessions(async () => reply, { secret, ticketKeys: false });
}

/** Whether a text of base64url stands for one of the values, spelled another way. */
const isValue = (text: string): boolean =>
  values.some((value) =>
    Buffer.from(text, 'base64url').equals(Buffer.from(Buffer.from(value).toString(), 'base64url')),
  );

export const targets: readonly Target[] = [
  {
    name: 'session',
    what: 'the bytes of a session',
    seeds: sessions,
    parse: parseVectors,
    run(input) {
      const read = readSession(input);
      if (read === undefined) return 'nothing';
      isFresh(read, 1_700_000_060_123);
      const again = readSession(writeSession(read));
      expect(again !== undefined && same(writeSession(again), writeSession(read)), 'a session that changes');
      return `${read.clientAuth} ${read.clientChain.length} ${read.extendedMasterSecret}`;
    },
  },
  {
    name: 'ticket',
    what: 'tickets, none of them ours',
    seeds: tickets,
    run(input) {
      const opened = ring.open(input);
      if (opened === undefined) return 'refused';
      expect(
        tickets.some((ticket) => same(ticket, input)),
        'a forged ticket is opened',
      );
      return 'ours';
    },
  },
  {
    name: 'cookie',
    what: 'cookies of a HelloRetryRequest',
    seeds: sealedHashes,
    run(input) {
      if (cookies.open(input) === undefined) return 'refused';
      expect(
        sealedHashes.some((cookie) => same(cookie, input)),
        'a forged cookie is opened',
      );
      return 'ours';
    },
  },
  {
    name: 'redis-value',
    what: 'sealed values in Redis',
    seeds: values,
    run(input) {
      const text = Buffer.from(input).toString('latin1');
      if (seal.open(name, text) === undefined) return 'refused';
      expect(isValue(text), 'a forged value is opened');
      return 'ours';
    },
  },
  {
    name: 'redis-reply',
    what: 'replies of a client of Redis, of any type',
    seeds: values,
    async run(input, random) {
      const text = Buffer.from(input).toString('latin1');
      const number = random.below(1000);
      const reply = random.pick<unknown>([
        text,
        input,
        null,
        number,
        undefined,
        [text],
        [[]],
        {},
        true,
        [number, text],
      ]);
      const store = storeThatAnswers(reply);
      const found = await store.get('00');
      await store.set('00', input, number);
      const admitted = await store.admit('00', number);
      const isForged = found !== undefined && !isValue(text);
      expect(!isForged, 'a forged session is found');
      return `${typeof reply} ${found === undefined} ${admitted}`;
    },
  },
];
