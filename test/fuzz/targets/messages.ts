import { describeConnection } from '../../../src/cli/describe.ts';
import { fingerprint } from '../../../src/cli/fingerprint.ts';
import { nodeCrypto } from '../../../src/crypto/node/provider.ts';
import { readOffers } from '../../../src/extensions/registry.ts';
import { HandshakeReport } from '../../../src/handshake/report.ts';
import {
  readCertificate12,
  readCertificate13,
  writeCertificate12,
  writeCertificate13,
} from '../../../src/messages/certificate.ts';
import { readCertificateVerify, writeCertificateVerify } from '../../../src/messages/certificate-verify.ts';
import { readClientHello } from '../../../src/messages/client-hello.ts';
import { readClientKeyExchange, readPskClientKeyExchange } from '../../../src/messages/client-key-exchange.ts';
import { readCompressedCertificate, writeCompressedCertificate } from '../../../src/messages/compressed-certificate.ts';
import { checkEndOfEarlyData } from '../../../src/messages/end-of-early-data.ts';
import { type HandshakeMessage, writeMessage } from '../../../src/messages/handshake-message.ts';
import { readKeyUpdate, writeKeyUpdate } from '../../../src/messages/key-update.ts';
import { readNextProtocol } from '../../../src/messages/next-protocol.ts';
import { TlsAlert } from '../../../src/wire/alert.ts';
import { HandshakeType, NamedGroup } from '../../../src/wire/code-points.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { readCertificates, readFixtures, readRecordings } from '../corpus.ts';
import { parseMessages, parseVectors } from '../structure.ts';
import { expect, type Target } from '../target.ts';

const expects = (error: unknown): boolean => error instanceof TlsAlert;

/** The first messages of recorded streams, and whole ClientHellos from elsewhere. */
export const hellos: readonly Uint8Array[] = [
  ...readRecordings('streams.txt').map(({ bytes }) => bytes.slice(5, 9 + new Reader(bytes.subarray(6)).u24())),
  ...readFixtures('hellos', '.bin'),
];

/** The block of extensions in a ClientHello. */
function extensionsOf(hello: Uint8Array): Uint8Array {
  const r = new Reader(hello.subarray(4));
  r.bytes(34);
  r.vector8();
  r.vector16();
  r.vector8();
  return Uint8Array.from(r.vector16().rest());
}

/** ClientKeyExchanges with shares as long as those of the groups. */
export const keyExchanges: readonly Uint8Array[] = [32, 56, 65, 97].map((length) =>
  writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector8((p) => p.bytes(new Uint8Array(length).fill(4)))),
);
/** A share of the smallest finite field (RFC 7919). */
const finiteExchanges = [
  writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector16((p) => p.bytes(new Uint8Array(256).fill(4)))),
];
const pskExchanges = [true, false].map((hasShare) =>
  writeMessage(HandshakeType.clientKeyExchange, (w) => {
    w.vector16((id) => id.ascii('Client_identity'));
    if (hasShare) w.vector8((p) => p.bytes(new Uint8Array(32)));
  }),
);
const nextProtocol = writeMessage(HandshakeType.nextProtocol, (w) =>
  w.vector8((p) => p.ascii('http/1.1')).vector8((p) => p.bytes(new Uint8Array(22))),
);
const chain = readCertificates().slice(0, 3);
const compressed = { algorithm: 1, length: 900, compressed: new Uint8Array(60) };

/** A message from bytes, whatever their header says. */
const asMessage = (input: Uint8Array): HandshakeMessage => ({
  type: input[0] ?? 0,
  raw: input,
  body: input.subarray(Math.min(4, input.length)),
});

function runHello(input: Uint8Array): string {
  const hello = readClientHello(asMessage(input));
  expect(hello.random.length === 32 && hello.sessionId.length <= 32, 'fields of another length');
  const offers = Object.entries(hello.offers).filter(([, offer]) => offer !== undefined);
  return offers
    .map(([name]) => name)
    .sort()
    .join(' ');
}

/** What the page of the command shows: names of everything, and fingerprints. */
function runPage(input: Uint8Array): string {
  const report = new HandshakeReport(() => 0, 'node');
  const hello = readClientHello(asMessage(input));
  report.clientHello = hello;
  JSON.stringify(describeConnection(report));
  return fingerprint(hello).ja4.slice(0, 10);
}

/** A target that reads one message. */
const message = (
  name: string,
  seeds: readonly Uint8Array[],
  read: (message: HandshakeMessage) => unknown,
  weight = 0.5,
): Target => ({
  name,
  what: `${name} messages`,
  seeds,
  parse: parseMessages,
  expects,
  run: (input) => `${typeof read(asMessage(input))}`,
  weight,
});

const groups = Object.values(NamedGroup).filter((group) => nodeCrypto.keyAgreement(group)?.generate !== undefined);

export const targets: readonly Target[] = [
  { name: 'client-hello', what: 'ClientHello', seeds: hellos, parse: parseMessages, expects, run: runHello, weight: 3 },
  {
    name: 'hello-page',
    what: 'ClientHello, as the page tells it',
    seeds: hellos,
    parse: parseMessages,
    expects,
    run: runPage,
  },
  {
    name: 'extensions',
    what: 'blocks of extensions',
    seeds: hellos.filter((hello) => hello.length > 100).map(extensionsOf),
    parse: parseVectors,
    expects,
    run: (input) =>
      Object.keys(readOffers(new Reader(input)))
        .sort()
        .join(' '),
    weight: 3,
  },
  message('certificate-13', [writeCertificate13(chain), writeCertificate13([])], (m) =>
    readCertificate13(m, new Uint8Array()),
  ),
  message('certificate-12', [writeCertificate12(chain), writeCertificate12([])], readCertificate12),
  message('compressed-certificate', [writeCompressedCertificate(compressed)], readCompressedCertificate),
  message('certificate-verify', [writeCertificateVerify(0x0403, new Uint8Array(70).fill(3))], readCertificateVerify),
  message('client-key-exchange', keyExchanges, (m) => readClientKeyExchange(m, 'ecdhe')),
  message('dhe-key-exchange', finiteExchanges, (m) => readClientKeyExchange(m, 'dhe')),
  message('psk-key-exchange', pskExchanges, (m) => readPskClientKeyExchange(m, 'ecdhe')),
  message('psk-key-exchange-alone', pskExchanges, (m) => readPskClientKeyExchange(m, 'none')),
  message('key-update', [writeKeyUpdate(true), writeKeyUpdate(false)], readKeyUpdate, 0.2),
  message('next-protocol', [nextProtocol], readNextProtocol),
  message('end-of-early-data', [Uint8Array.of(5, 0, 0, 0)], checkEndOfEarlyData, 0.2),
  {
    name: 'key-shares',
    what: "clients' shares of every group",
    // The first byte tells the group.
    seeds: groups.map((group, i) => Uint8Array.of(i, ...nodeCrypto.keyAgreement(group)!.generate!().share)),
    few: 100,
    expects,
    run(input) {
      const group = groups[(input[0] ?? 0) % groups.length]!;
      const { secret } = nodeCrypto.keyAgreement(group)!.respond(input.subarray(1));
      return `${group} ${secret.length}`;
    },
    weight: 0.5,
  },
];
