import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientAuthentication } from '../../src/handshake/config.ts';
import { HandshakeType, ContentType as T } from '../../src/wire/code-points.ts';
import { ext, hello12, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';

const clientAuth: ClientAuthentication = { isRequired: true, authorities: [], verify: () => ({ authorized: true }) };

/** A record that bears another version. */
function ofVersion(record: Uint8Array, version: number): Buffer {
  const bytes = Buffer.from(record);
  bytes.writeUInt16BE(version, 1);
  return bytes;
}

describe('the version of a record', () => {
  it('is no older than SSLv3 (RFC 8446 appendix D.5)', () => {
    for (const version of [0x0000, 0x0002, 0x0200, 0x02ff]) {
      const client = new RawClient();
      client.server.receive(ofVersion(client.record(T.handshake, writeHello(hello13())), version));
      assert.equal(client.server.failure?.alert, 'protocolVersion');
    }
  });
  it('does not matter between the hellos of TLS 1.3', () => {
    const client = new RawClient();
    client.sendHello(withExtension(hello13(client.key), ext.keyShare([]))).read();
    const second = writeHello({ ...client.hello, extensions: withShare(client) });
    client.transcript.add(second);
    client.server.receive(ofVersion(client.record(T.handshake, second), 0x0505));
    client.server.receive(Uint8Array.of(T.changeCipherSpec, 5, 5, 0, 1, 1));
    client.read().sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
  });
  it('is that of TLS 1.2 once it is chosen (RFC 5246 section 6.2.1)', () => {
    for (const version of [0x0301, 0x0302, 0x0304, 0x0403]) {
      const client = new RawClient().sendHello(hello12()).read();
      client.server.receive(ofVersion(client.record(T.handshake, client.clientKeyExchange12()), version));
      assert.equal(client.server.failure?.alert, 'protocolVersion');
      const secure = connect12();
      secure.server.receive(ofVersion(secure.record(T.applicationData, Buffer.from('x')), version));
      assert.equal(secure.server.failure?.alert, 'protocolVersion');
    }
    const refusing = new RawClient().sendHello(hello12()).read();
    refusing.server.receive(Uint8Array.of(T.alert, 3, 1, 0, 2, 2, 70));
    assert.equal(refusing.server.failure?.direction, 'received');
  });
});

const withShare = (client: RawClient): [number, Uint8Array][] =>
  withExtension(client.hello, ext.keyShare([{ group: 29, key: client.key.share }])).extensions!;

describe('a handshake message that is cut by another record', () => {
  const cut = (client: RawClient, message: Uint8Array, type: number, content: Uint8Array): RawClient =>
    client.sendMessage(message.subarray(0, 3)).send(type, content).sendMessage(message.subarray(3));

  it('TLS 1.3: unexpected_message, whatever it is (RFC 8446 section 5.1)', () => {
    for (const [type, content] of [
      [T.alert, [1, 90]],
      [T.changeCipherSpec, [1]],
      [T.applicationData, [1]],
    ] as const) {
      const hello = new RawClient();
      hello.sendMessage(writeHello(hello13()).subarray(0, 10)).send(type, Uint8Array.from(content));
      assert.equal(hello.server.failure?.alert, 'unexpectedMessage');
      const finished = new RawClient();
      finished.sendHello(hello13(finished.key)).read();
      finished.sendMessage(finished.finished13().subarray(0, 3)).send(type, Uint8Array.from(content));
      assert.equal(finished.server.failure?.alert, 'unexpectedMessage');
    }
    const secure = connect13();
    secure.sendMessage(Uint8Array.of(24)).send(T.applicationData, Buffer.from('x'));
    assert.equal(secure.server.failure?.alert, 'unexpectedMessage');
  });
  it('a client that gives up in the middle of a message is heard', () => {
    for (const [level, description] of [
      [2, 80],
      [1, 0],
    ]) {
      const client = new RawClient().sendMessage(writeHello(hello13()).subarray(0, 10));
      client.sendAlert(level!, description!);
      assert.equal(client.server.failure?.direction, 'received');
    }
  });
  it('TLS 1.2: a warning may come (RFC 5246 section 6.2.1), a ChangeCipherSpec not', () => {
    const client = new RawClient().sendHello(hello12()).read();
    cut(client, client.clientKeyExchange12(), T.alert, Uint8Array.of(1, 90));
    client.send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
    client.sendMessage(client.finished12());
    assert.ok(client.server.isSecure, client.server.failure?.message);
    const other = new RawClient().sendHello(hello12()).read();
    other.sendMessage(other.clientKeyExchange12().subarray(0, 3)).send(T.changeCipherSpec, Uint8Array.of(1));
    assert.equal(other.server.failure?.alert, 'unexpectedMessage');
  });
  it('TLS 1.2: application data may come, after the handshake', () => {
    const client = cut(connect12(), writeHello(hello12()), T.applicationData, Buffer.from('x'));
    assert.equal(client.server.plaintext.toString(), 'x');
    assert.deepEqual([...client.read().contents.at(-1)!.content], [1, 100], 'no_renegotiation');
  });
});

describe('a message that is not worth waiting for', () => {
  const begin = (type: number, length: number): Uint8Array => Uint8Array.of(type, length >> 16, length >> 8, length);

  it('is refused by its first byte where it is not its turn', () => {
    for (const type of [HandshakeType.finished, HandshakeType.helloRequest, 99]) {
      assert.equal(new RawClient().sendMessage(Uint8Array.of(type)).server.failure?.alert, 'unexpectedMessage');
      assert.equal(connect13().sendMessage(begin(type, 2 ** 24 - 1)).server.failure?.alert, 'unexpectedMessage');
      assert.equal(connect12().sendMessage(begin(type, 2 ** 24 - 1)).server.failure?.alert, 'unexpectedMessage');
    }
  });
  it('is refused by its header where it is too long', () => {
    const client = new RawClient().sendMessage(begin(HandshakeType.clientHello, 131_397));
    assert.equal(client.server.failure?.alert, 'decodeError');
    assert.ok(client.server.connection.buffered < 32);
    const finished = new RawClient();
    finished
      .sendHello(hello13(finished.key))
      .read()
      .sendMessage(begin(HandshakeType.finished, 2 ** 24 - 1));
    assert.equal(finished.server.failure?.alert, 'decodeError');
    const certificate = new RawClient({ config: { clientAuth } });
    certificate.sendHello(hello13(certificate.key)).read().sendMessage(begin(HandshakeType.certificate, 65_537));
    assert.equal(certificate.server.failure?.alert, 'illegalParameter');
    assert.equal(certificate.server.failure?.code, 'EXCESSIVE_MESSAGE_SIZE');
  });
  it('a ClientHello is as long as it can be', () => {
    const client = new RawClient();
    const hello = hello13(client.key);
    const used = writeHello({ ...hello, cipherSuites: [] }).length;
    const room = 65_535 - (used - 4 - 2 - 32 - 33 - 2 - 2 - 2) - 4;
    const padding: [number, Uint8Array] = [21, new Uint8Array(room)];
    const cipherSuites = [0x1301, ...Array.from({ length: 32_766 }, (_, i) => 0x8000 + i)];
    client.sendHello({ ...hello, cipherSuites, extensions: [padding, ...hello.extensions!] });
    assert.equal(client.firstHello?.length, 4 + 131_396 - 254);
    client.read().sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
  });
  it('a ClientHello of any length in between', () => {
    for (const length of [200, 255, 256, 257, 400, 511, 512, 513, 1000, 16_379, 16_384, 16_385, 65_535, 65_536]) {
      const client = new RawClient();
      const hello = hello13(client.key);
      const missing = length - writeHello(hello).length - 4;
      const padded = missing < 0 ? hello : withExtension(hello, [21, new Uint8Array(Math.min(missing, 65_000))]);
      client.sendHello(padded);
      client.read().sendMessage(client.finished13());
      assert.ok(client.server.isSecure, `${length}: ${client.server.failure?.message}`);
    }
  });
});

describe('close_notify', () => {
  it('is answered by our own where it ends a handshake (RFC 8446 section 6.1, RFC 5246 section 7.2.1)', () => {
    const clients = [undefined, hello12, hello13].map((hello) => {
      const client = new RawClient();
      return hello === undefined ? client : client.sendHello(hello(client.key)).read();
    });
    for (const client of clients) {
      client.sendAlert(1, 0).read();
      assert.deepEqual([...client.contents.at(-1)!.content], [1, 0]);
      assert.equal(client.server.failure?.code, 'ECONNRESET');
    }
  });
  it('after user_canceled, too', () => {
    const client = new RawClient().sendAlert(1, 90);
    assert.equal(client.server.hasFailed, false);
    client.sendAlert(1, 0).read();
    assert.deepEqual([...client.contents.at(-1)!.content], [1, 0]);
  });
  it('is the last that we send, whatever comes then', () => {
    for (const connect of [connect13, connect12]) {
      const client = connect();
      client.server.connection.close();
      client.server.takeOutput();
      client.sendMessage(Uint8Array.of(99, 0, 0, 0));
      assert.equal(client.server.failure?.alert, 'unexpectedMessage');
      assert.equal(client.server.takeOutput().length, 0);
    }
  });
});
