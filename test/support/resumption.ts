import assert from 'node:assert/strict';
import { aeadShapes, type CipherSuite, cipherSuites, hashLength } from '../../src/crypto/cipher-suites.ts';
import { hkdfExpandLabel } from '../../src/crypto/hkdf.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { Transcript } from '../../src/handshake/handshake.ts';
import {
  type BinderLabel,
  finishedVerifyData,
  KeySchedule,
  trafficKey,
} from '../../src/handshake/tls13/key-schedule.ts';
import { Sealer13 } from '../../src/record/protection13.ts';
import { ExtensionType, HandshakeType } from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { ext, type HelloFields, hello13, withExtension, writeHello } from './client-hello.ts';
import { RawClient } from './raw-client.ts';
import type { ServerEndOptions } from './server-end.ts';

/** A session of TLS 1.3, as a client keeps it. */
export interface KeptSession {
  readonly identity: Uint8Array;
  readonly psk: Uint8Array;
  readonly suite: number;
  readonly ageAdd: number;
  readonly maxEarlyData: number;
  /** What its binder is made with; of a session without. */
  readonly binderLabel?: BinderLabel;
}

/** Connects, and keeps the first ticket. */
export function getSession(options: ServerEndOptions, hello?: (fields: HelloFields) => HelloFields): KeptSession {
  const client = new RawClient(options);
  const fields = withExtension(hello13(client.key), ext.pskKeyExchangeModes([1]));
  client.sendHello(hello ? hello(fields) : fields).read();
  return finishWithTicket(client);
}

/** Finishes the handshake of a client that has read the server's flight, and keeps the first ticket. */
export function finishWithTicket(client: RawClient): KeptSession {
  const finished = client.finished13();
  client.sendMessage(finished);
  client.transcript.add(finished);
  const secret = client.resumptionSecret();
  client.server.connection.flush();
  client.read();
  const ticket = client.messages.find(({ type }) => type === HandshakeType.newSessionTicket);
  assert.ok(ticket, 'a ticket');
  const r = new Reader(ticket.body);
  r.u32();
  const ageAdd = r.u32();
  const nonce = r.vector8().rest();
  const identity = r.vector16(1).rest();
  const extensions = new Map(r.vector16().list((l) => [l.u16(), l.vector16().rest()] as const));
  const early = extensions.get(ExtensionType.earlyData);
  const { hash, id } = client.suite;
  return {
    identity,
    psk: hkdfExpandLabel(nodeCrypto, hash, secret, 'resumption', nonce, hashLength[hash]),
    suite: id,
    ageAdd,
    maxEarlyData: early ? new Reader(early).u32() : 0,
  };
}

export interface ResumptionOptions {
  /** Milliseconds that the client says the ticket is old. */
  readonly age?: number;
  readonly earlyData?: boolean;
  /** Bends the ClientHello before its binder is made. */
  readonly change?: (hello: HelloFields) => HelloFields;
  /** Bends the binder. */
  readonly bend?: (binder: Uint8Array) => Uint8Array;
  readonly modes?: readonly number[];
}

const preSharedKey = (identity: Uint8Array, age: number, binder: Uint8Array): [number, Uint8Array] => [
  ExtensionType.preSharedKey,
  new Writer()
    .vector16((list) => list.vector16((id) => id.bytes(identity)).u32(age))
    .vector16((list) => list.vector8((b) => b.bytes(binder)))
    .take(),
];

/** A ClientHello that offers a session, with its binder. */
export function helloWithSession(
  client: RawClient,
  session: KeptSession,
  options: ResumptionOptions = {},
): HelloFields {
  const { age = 0, earlyData = false, change, bend, modes = [1] } = options;
  let fields = withExtension(hello13(client.key), ext.pskKeyExchangeModes(modes));
  if (earlyData) fields = withExtension(fields, ext.earlyData());
  if (change) fields = change(fields);
  client.psk = session.psk;
  const offer = preSharedKey(session.identity, (age + session.ageAdd) >>> 0, new Uint8Array(hashLengthOf(session)));
  return withBinder(withExtension(fields, offer), session, undefined, bend);
}

const suiteOf = ({ suite }: KeptSession): CipherSuite => cipherSuites.find(({ id }) => id === suite)!;
const hashLengthOf = (session: KeptSession): number => hashLength[suiteOf(session).hash];

/** The hello with the binder that belongs there, after what was said `before`. */
export function withBinder(
  fields: HelloFields,
  session: KeptSession,
  before?: Transcript,
  bend: (binder: Uint8Array) => Uint8Array = (binder) => binder,
): HelloFields {
  const suite = suiteOf(session);
  const length = hashLengthOf(session);
  const draft = writeHello(fields);
  const transcript = before?.copy() ?? new Transcript(nodeCrypto.hash(suite.hash));
  const partialHash = transcript.add(draft.subarray(0, draft.length - length - 3)).digest();
  const key = new KeySchedule(nodeCrypto, suite, session.psk).binderKey(session.binderLabel ?? 'res binder');
  const binder = bend(finishedVerifyData(nodeCrypto, suite, key, partialHash));
  const offer = fields.extensions?.find(([type]) => type === ExtensionType.preSharedKey)?.[1];
  assert.ok(offer, 'an offer without its binder');
  const body = Buffer.concat([offer.subarray(0, offer.length - length), binder]);
  return withExtension(fields, [ExtensionType.preSharedKey, body]);
}

/** Protects what the client sends with the keys of its early data; after the ClientHello was sent. */
export function useEarlyKeys(client: RawClient, session: KeptSession): void {
  const suite = suiteOf(session);
  const schedule = new KeySchedule(nodeCrypto, suite, session.psk);
  const secret = schedule.earlyTraffic(nodeCrypto.digest(suite.hash, client.firstHello!));
  client.sealer = new Sealer13(trafficKey(nodeCrypto, suite, secret), aeadShapes[suite.aead]);
}
