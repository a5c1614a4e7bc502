import { aeadShapes, cipherSuites } from '../../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../../src/crypto/node/provider.ts';
import { readAlert } from '../../../src/engine/received-alert.ts';
import { HandshakeReader } from '../../../src/messages/handshake-reader.ts';
import type { Opener, Sealer, TrafficKey } from '../../../src/record/protection.ts';
import { Opener12, Sealer12 } from '../../../src/record/protection12.ts';
import { Opener13, Sealer13 } from '../../../src/record/protection13.ts';
import { RecordReader } from '../../../src/record/record-reader.ts';
import { TlsAlert } from '../../../src/wire/alert.ts';
import type { Random } from '../../support/path-plans.ts';
import { readRecordings } from '../corpus.ts';
import { parseMessages, parseRecords } from '../structure.ts';
import { expect, type Target } from '../target.ts';
import { hellos, keyExchanges } from './messages.ts';

const expects = (error: unknown): boolean => error instanceof TlsAlert;
const streams = readRecordings('streams.txt').map(({ bytes }) => bytes);

/** Cuts bytes anywhere and feeds the pieces. */
function inPieces(input: Uint8Array, random: Random, feed: (piece: Uint8Array) => void): void {
  for (let at = 0; at < input.length; ) {
    const end = Math.min(input.length, at + 1 + random.below(random.chance(50) ? 9 : 2000));
    feed(input.slice(at, end));
    at = end;
  }
}

/** What was read until the end, or until an alert, which is the last. */
function readAll(read: (results: string[]) => void): string[] {
  const results: string[] = [];
  try {
    read(results);
  } catch (error) {
    if (!(error instanceof TlsAlert)) throw error;
    results.push(`${error.alert}: ${error.message}`);
  }
  return results;
}

/** What came of a list of results: how many, and the last one where it is an alert. */
const outcomeOf = (results: readonly string[]): string => {
  const alert = /^[a-zA-Z]+: .*/.exec(results[results.length - 1] ?? '');
  return `${Math.min(9, results.length)} ${alert?.[0].replace(/\d+/g, 'n') ?? ''}`;
};

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function runRecords(input: Uint8Array, random: Random): string {
  const read = (results: string[], reader: RecordReader, piece: Uint8Array): void => {
    reader.append(piece);
    for (let record = reader.next(); record; record = reader.next()) {
      results.push(`${record.type} ${text(record.bytes.subarray(record.start, record.end))}`);
    }
    reader.settle();
    expect(reader.buffered <= 16_384 + 5, `${reader.buffered} bytes are held`);
  };
  const [whole, cut] = [new RecordReader(), new RecordReader()];
  const inOne = readAll((results) => read(results, whole, input));
  const inMany = readAll((results) => inPieces(input, random, (piece) => read(results, cut, piece)));
  expect(inOne.join() === inMany.join(), 'cut otherwise, other records');
  return outcomeOf(inOne);
}

function runMessages(input: Uint8Array, random: Random): string {
  const read = (results: string[], reader: HandshakeReader, piece: Uint8Array): void => {
    reader.append(piece);
    for (let message = reader.next(); message; message = reader.next()) {
      results.push(`${message.type} ${text(message.raw)}`);
    }
    reader.checkNextLength();
    expect(reader.pending <= 131_396 + 4, `${reader.pending} bytes are held`);
  };
  const [whole, cut] = [new HandshakeReader(), new HandshakeReader()];
  const inOne = readAll((results) => read(results, whole, input));
  const inMany = readAll((results) => inPieces(input, random, (piece) => read(results, cut, piece)));
  expect(inOne.join() === inMany.join(), 'cut otherwise, other messages');
  return outcomeOf(inOne);
}

/** Records under a key, of which only those that the key's owner made are opened. */
function protectedRecords(
  name: string,
  suiteId: number,
  ivLength: number,
  make: (key: TrafficKey) => { readonly sealer: Sealer; readonly opener: Opener },
): Target {
  const suite = cipherSuites.find(({ id }) => id === suiteId)!;
  const shape = aeadShapes[suite.aead];
  const key = (): TrafficKey => ({
    aead: nodeCrypto.aead(suite.aead, new Uint8Array(shape.keyLength).fill(1)),
    iv: new Uint8Array(ivLength).fill(2),
  });
  const seeds = [0, 1, 100, 2000].map((length) => {
    const { sealer } = make(key());
    const out = new Uint8Array(length + sealer.overhead);
    return out.slice(0, sealer.seal(23, new Uint8Array(length).fill(length), 0, out, 0));
  });
  const genuine = new Set(seeds.map(text));
  return {
    name,
    what: `records under ${suite.name}`,
    seeds,
    parse: parseRecords,
    expects,
    run(input) {
      if (input.length < 5) return 'short';
      // What the header says of version and length is checked where records are cut.
      const copy = Uint8Array.from(input);
      copy.set([3, 3, (input.length - 5) >> 8, input.length - 5], 1);
      const original = text(copy);
      const opened = make(key()).opener.open(input[0]!, copy, 5, copy.length);
      if (opened === undefined) return 'refused';
      expect(genuine.has(original), 'a forged record is opened');
      return `${opened.type}`;
    },
  };
}

export const targets: readonly Target[] = [
  { name: 'records', what: 'streams, cut into records', seeds: streams, parse: parseRecords, expects, run: runRecords },
  {
    name: 'messages',
    what: 'fragments, joined to messages',
    seeds: [...hellos, ...keyExchanges],
    parse: parseMessages,
    expects,
    run: runMessages,
  },
  protectedRecords('protected-13', 0x1301, 12, (key) => ({
    sealer: new Sealer13(key, aeadShapes.AEAD_AES_128_GCM),
    opener: new Opener13(key),
  })),
  protectedRecords('protected-12', 0xc02b, 4, (key) => ({
    sealer: new Sealer12(key, aeadShapes.AEAD_AES_128_GCM),
    opener: new Opener12(key, aeadShapes.AEAD_AES_128_GCM),
  })),
  protectedRecords('protected-12-chacha', 0xcca9, 12, (key) => ({
    sealer: new Sealer12(key, aeadShapes.AEAD_CHACHA20_POLY1305),
    opener: new Opener12(key, aeadShapes.AEAD_CHACHA20_POLY1305),
  })),
  {
    name: 'alert',
    what: 'alerts',
    seeds: [Uint8Array.of(1, 0), Uint8Array.of(2, 40)],
    expects,
    run: (input, random) => JSON.stringify(readAlert(input, random.chance(50))),
  },
];
