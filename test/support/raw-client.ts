import assert from 'node:assert/strict';
import { aeadShapes, type CipherSuite, cipherSuites } from '../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { EphemeralKey } from '../../src/crypto/provider.ts';
import { Transcript } from '../../src/handshake/handshake.ts';
import { keyBlock, masterSecret, type Randoms, verifyData } from '../../src/handshake/tls12/key-schedule12.ts';
import {
  finishedVerifyData,
  KeySchedule,
  nextTrafficSecret,
  type TrafficSecret,
  trafficKey,
} from '../../src/handshake/tls13/key-schedule.ts';
import { writeFinished } from '../../src/messages/finished.ts';
import { type HandshakeMessage, writeMessage, writeMessageHash } from '../../src/messages/handshake-message.ts';
import { HandshakeReader } from '../../src/messages/handshake-reader.ts';
import { helloRetryRequestRandom } from '../../src/messages/server-hello.ts';
import { PlaintextSealer, plaintextOpener } from '../../src/record/plaintext.ts';
import type { Opened, Opener, Sealer } from '../../src/record/protection.ts';
import { Opener12, Sealer12 } from '../../src/record/protection12.ts';
import { Opener13, Sealer13 } from '../../src/record/protection13.ts';
import { maxPlaintextLength, type Record, RecordReader } from '../../src/record/record-reader.ts';
import { ContentType, HandshakeType, NamedGroup } from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import { type HelloFields, hello12, hello13, writeHello, x25519 } from './client-hello.ts';
import { ServerEnd, type ServerEndOptions } from './server-end.ts';

/** What a ServerHello says, read without our own server's code. */
export interface ParsedServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

export function parseServerHello(body: Uint8Array): ParsedServerHello {
  const r = new Reader(body, 'ServerHello');
  const version = r.u16();
  const random = r.bytes(32);
  const sessionId = r.vector8().rest();
  const cipherSuite = r.u16();
  assert.equal(r.u8(), 0, 'compression');
  const extensions = r.done ? [] : r.vector16().list((l): [number, Uint8Array] => [l.u16(), l.vector16().rest()]);
  assert.ok(r.done);
  return { version, random, sessionId, cipherSuite, extensions: new Map(extensions) };
}

/**
 * A client that does as it is told, right or wrong: the records, messages and keys of both versions, over a server
 * engine in the same process.
 */
export class RawClient {
  readonly server: ServerEnd;
  sealer: Sealer = new PlaintextSealer();
  opener: Opener = plaintextOpener;
  transcript!: Transcript;
  suite!: CipherSuite;
  /** Handshake messages received, all of them. */
  readonly messages: HandshakeMessage[] = [];
  /** Other contents received. */
  readonly contents: Opened[] = [];
  serverHello: ParsedServerHello | undefined;
  readonly #reader = new RecordReader();
  readonly #handshake = new HandshakeReader();
  key: EphemeralKey = x25519();
  hello!: HelloFields;
  firstHello: Uint8Array | undefined;
  #schedule: KeySchedule | undefined;
  /** The PSK that the client offers in TLS 1.3. */
  psk: Uint8Array | undefined;
  handshakeSecrets!: { client: TrafficSecret; server: TrafficSecret };
  applicationSecrets!: { client: TrafficSecret; server: TrafficSecret };
  master: Uint8Array | undefined;

  constructor(options: ServerEndOptions = {}) {
    this.server = new ServerEnd(options);
  }

  // ---- sending

  /** One record of any content under the current key. */
  record(type: number, content: Uint8Array, padding = 0): Uint8Array {
    const out = new Uint8Array(content.length + this.sealer.overhead + padding);
    return out.subarray(0, this.sealer.seal(type, content, padding, out, 0));
  }

  send(type: number, content: Uint8Array, padding = 0): this {
    this.server.receive(this.record(type, content, padding));
    return this;
  }

  /** A handshake message, in as few records as can be. */
  sendMessage(message: Uint8Array): this {
    for (let at = 0; at === 0 || at < message.length; at += maxPlaintextLength) {
      this.send(ContentType.handshake, message.subarray(at, at + maxPlaintextLength));
    }
    return this;
  }

  sendHello(hello: HelloFields): this {
    this.hello = hello;
    this.firstHello = writeHello(hello);
    return this.sendMessage(this.firstHello);
  }

  sendAlert(level: number, description: number): this {
    return this.send(ContentType.alert, Uint8Array.of(level, description));
  }

  // ---- receiving

  /** Reads everything that the server has sent, changing keys where a ServerHello of TLS 1.3 tells it to. */
  read(): this {
    return this.readOutput(this.server.takeOutput());
  }

  readOutput(bytes: Uint8Array): this {
    this.#reader.append(bytes);
    for (let record = this.#next(); record; record = this.#next()) {
      if (record.type === ContentType.changeCipherSpec) {
        this.receiveChangeCipherSpec();
        continue;
      }
      const opened = this.opener.open(record.type, record.bytes, record.start, record.end);
      assert.ok(opened, 'the server sent a record that does not decrypt');
      if (opened.type !== ContentType.handshake) {
        this.contents.push({ type: opened.type, content: Uint8Array.from(opened.content) });
        continue;
      }
      this.#handshake.append(opened.content);
      for (let message = this.#handshake.next(); message; message = this.#handshake.next()) this.#receive(message);
    }
    this.#reader.settle();
    return this;
  }

  /** What the server sends from here on may be under other keys. */
  #next(): Record | undefined {
    this.#reader.maxFragmentLength = this.opener.maxFragmentLength;
    return this.#reader.next();
  }

  protected receiveChangeCipherSpec(): void {}

  #receive(message: HandshakeMessage): void {
    this.messages.push(message);
    if (message.type === HandshakeType.serverHello) this.#receiveServerHello(message);
    else if (message.type !== HandshakeType.keyUpdate && message.type !== HandshakeType.finished)
      this.transcript?.add(message.raw);
    else if (message.type === HandshakeType.finished && this.#schedule) this.#receiveFinished13(message);
    else if (message.type === HandshakeType.keyUpdate) {
      this.applicationSecrets.server = nextTrafficSecret(nodeCrypto, this.suite, this.applicationSecrets.server);
      this.opener = new Opener13(trafficKey(nodeCrypto, this.suite, this.applicationSecrets.server));
    }
  }

  #receiveServerHello(message: HandshakeMessage): void {
    const hello = parseServerHello(message.body);
    this.serverHello = hello;
    this.suite = cipherSuites.find(({ id }) => id === hello.cipherSuite)!;
    const isRetry = Buffer.compare(hello.random, helloRetryRequestRandom) === 0;
    if (this.transcript === undefined) {
      this.transcript = new Transcript(nodeCrypto.hash(this.suite.hash));
      if (isRetry) this.transcript.add(writeMessageHash(nodeCrypto.digest(this.suite.hash, this.firstHello!)));
      else this.transcript.add(this.firstHello!);
    }
    this.transcript.add(message.raw);
    const share = hello.extensions.get(51);
    if (isRetry || share === undefined) return;
    const secret = this.key.derive(share.subarray(4));
    this.#schedule = new KeySchedule(nodeCrypto, this.suite, hello.extensions.has(41) ? this.psk : undefined);
    this.handshakeSecrets = this.#schedule.handshake(secret, this.transcript.digest());
    this.opener = new Opener13(trafficKey(nodeCrypto, this.suite, this.handshakeSecrets.server));
    this.sealer = new Sealer13(
      trafficKey(nodeCrypto, this.suite, this.handshakeSecrets.client),
      aeadShapes[this.suite.aead],
    );
  }

  #receiveFinished13(message: HandshakeMessage): void {
    const expected = finishedVerifyData(nodeCrypto, this.suite, this.handshakeSecrets.server, this.transcript.digest());
    assert.deepEqual(Buffer.from(message.body), Buffer.from(expected), "the server's Finished");
    this.transcript.add(message.raw);
    this.applicationSecrets = this.#schedule!.application(this.transcript.digest());
    this.opener = new Opener13(trafficKey(nodeCrypto, this.suite, this.applicationSecrets.server));
  }

  // ---- whole steps

  /** The second ClientHello after a HelloRetryRequest. */
  sendSecondHello(hello: HelloFields): this {
    const message = writeHello(hello);
    this.transcript.add(message);
    return this.sendMessage(message);
  }

  /** The Finished of TLS 1.3. */
  finished13(): Uint8Array {
    return writeFinished(
      finishedVerifyData(nodeCrypto, this.suite, this.handshakeSecrets.client, this.transcript.digest()),
    );
  }

  /** The secret of the tickets that come after the client's Finished, which must be in the transcript. */
  resumptionSecret(): Uint8Array {
    return this.#schedule!.resumption(this.transcript.digest());
  }

  useApplicationKeys(): this {
    this.sealer = new Sealer13(
      trafficKey(nodeCrypto, this.suite, this.applicationSecrets.client),
      aeadShapes[this.suite.aead],
    );
    return this;
  }

  nextSendingKeys(): this {
    this.applicationSecrets.client = nextTrafficSecret(nodeCrypto, this.suite, this.applicationSecrets.client);
    return this.useApplicationKeys();
  }

  /** ClientKeyExchange of TLS 1.2, deriving the keys. */
  clientKeyExchange12(): Uint8Array {
    const exchange = this.messages.find(({ type }) => type === HandshakeType.serverKeyExchange)!;
    const r = new Reader(exchange.body);
    assert.equal(r.u8(), 3);
    assert.equal(r.u16(), NamedGroup.x25519);
    const premaster = this.key.derive(r.vector8().rest());
    const message = writeMessage(HandshakeType.clientKeyExchange, (w) => w.vector8((p) => p.bytes(this.key.share)));
    this.transcript.add(message);
    const randoms = this.#randoms();
    const extended = this.serverHello!.extensions.has(23);
    const binding = extended ? { sessionHash: this.transcript.digest() } : randoms;
    this.master = masterSecret(nodeCrypto, this.suite, premaster, binding);
    return message;
  }

  #randoms(): Randoms {
    return { client: this.hello.random, server: this.serverHello!.random };
  }

  /** The keys of TLS 1.2 for sending; `readEncrypted12` for receiving. */
  encrypt12(): this {
    const shape = aeadShapes[this.suite.aead];
    const keys = keyBlock(nodeCrypto, this.suite, this.master!, this.#randoms());
    this.sealer = new Sealer12(keys.client, shape);
    return this;
  }

  decrypt12(): this {
    const keys = keyBlock(nodeCrypto, this.suite, this.master!, this.#randoms());
    this.opener = new Opener12(keys.server, aeadShapes[this.suite.aead]);
    return this;
  }

  readEncrypted12(): this {
    return this.decrypt12().read();
  }

  finished12(): Uint8Array {
    return writeFinished(verifyData(nodeCrypto, this.suite, this.master!, 'client', this.transcript.digest()));
  }
}

/** A client that has completed a TLS 1.3 handshake. */
export function connect13(
  options: ServerEndOptions = {},
  change: (hello: HelloFields) => HelloFields = (h) => h,
): RawClient {
  const client = new RawClient(options);
  client.sendHello(change(hello13(client.key))).read();
  client.sendMessage(client.finished13());
  assert.equal(client.server.hasFailed, false);
  assert.ok(client.server.isSecure);
  return client.useApplicationKeys();
}

/** A client that has completed a TLS 1.2 handshake. */
export function connect12(
  options: ServerEndOptions = {},
  change: (hello: HelloFields) => HelloFields = (h) => h,
): RawClient {
  const client = new RawClient(options);
  client.sendHello(change(hello12())).read();
  client.sendMessage(client.clientKeyExchange12());
  client.send(ContentType.changeCipherSpec, Uint8Array.of(1)).encrypt12();
  client.sendMessage(client.finished12()).readEncrypted12();
  assert.equal(client.server.hasFailed, false);
  assert.ok(client.server.isSecure);
  return client;
}
