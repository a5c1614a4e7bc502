import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { loadOpenssl } from '../../src/crypto/openssl/provider.ts';
import { trafficKey } from '../../src/handshake/tls13/key-schedule.ts';
import { writeKeyUpdate } from '../../src/messages/key-update.ts';
import { HandshakeType, ContentType as T } from '../../src/wire/code-points.ts';
import { ext, hello12, hello13, withExtension, writeHello } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import { ServerEnd } from '../support/server-end.ts';

const header = (type: number, length: number, version = 0x0303): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes[0] = type;
  bytes.writeUInt16BE(version, 1);
  bytes.writeUInt16BE(length, 3);
  return bytes;
};
const openssl = loadOpenssl();
const providers = [nodeCrypto, ...('provider' in openssl ? [openssl.provider] : [])];

const failureAfter = (
  ...bytes: Uint8Array[]
): { alert: string | undefined; code: string | undefined; end: ServerEnd } => {
  const end = new ServerEnd();
  for (const part of bytes) end.receive(part);
  return { alert: end.failure?.alert, code: end.failure?.code, end };
};

describe('bytes that begin no TLS connection', () => {
  it('SSLv2', () =>
    assert.equal(failureAfter(Buffer.from('802e0100020015000000100100', 'hex')).alert, 'protocolVersion'));
  it('SSLv3', () => {
    const client = new RawClient().sendHello({ ...hello12(), legacyVersion: 0x0300 });
    assert.equal(client.server.failure?.alert, 'protocolVersion');
  });
  it('HTTP: the client is told in its own words, whatever its method', () => {
    for (const request of [
      'GET / HTTP/1.1\r\n\r\n',
      'POST / HTTP/1.1\r\n',
      'CONNECT a:1 HTTP/1.1\r\n',
      'PRI * HTTP/2.0\r\n',
    ]) {
      const { code, end } = failureAfter(Buffer.from(request));
      assert.equal(code, 'HTTP_REQUEST');
      assert.match(end.takeOutput().toString(), /^HTTP\/1\.0 400 .*https:\/\//s);
    }
  });
  it('HTTP, byte by byte', () => {
    const { code } = failureAfter(...[...Buffer.from('GET /')].map((byte) => Uint8Array.of(byte)));
    assert.equal(code, 'HTTP_REQUEST');
  });
  it('anything else', () => {
    assert.equal(failureAfter(Buffer.from('SSH-2.0-OpenSSH_9\r\n')).alert, 'unexpectedMessage');
    assert.equal(failureAfter(Buffer.alloc(64)).alert, 'unexpectedMessage');
    assert.equal(failureAfter(header(22, 4, 0x02ff)).alert, 'protocolVersion');
  });
});

describe('records before any key', () => {
  it('too long by one byte: refused by the header alone', () => {
    assert.equal(failureAfter(header(T.handshake, 2 ** 14 + 1)).alert, 'recordOverflow');
    assert.equal(failureAfter(header(T.handshake, 2 ** 14)).alert, undefined);
  });
  it('empty handshake record', () => assert.equal(failureAfter(header(T.handshake, 0)).alert, 'unexpectedMessage'));
  it('empty alert', () => assert.equal(failureAfter(header(T.alert, 0)).alert, 'unexpectedMessage'));
  it('an alert of another length', () =>
    assert.equal(failureAfter(header(T.alert, 3), Buffer.from([2, 0, 0])).alert, 'decodeError'));
  it('an alert of no level', () =>
    assert.equal(failureAfter(header(T.alert, 2), Buffer.from([3, 10])).alert, 'illegalParameter'));
  it('application data', () =>
    assert.equal(failureAfter(header(T.applicationData, 1), Buffer.from([0])).alert, 'unexpectedMessage'));
  it('a ChangeCipherSpec before anything else', () =>
    assert.equal(failureAfter(header(T.changeCipherSpec, 1), Buffer.from([1])).alert, 'unexpectedMessage'));
  it('unknown content types', () => {
    for (const type of [0, 19, 24, 25, 255])
      assert.equal(failureAfter(header(type, 1), Buffer.from([1])).alert, 'unexpectedMessage');
  });
  it('a message cut by another kind of record', () => {
    const hello = writeHello(hello13());
    const first = Buffer.concat([header(T.handshake, 10), hello.subarray(0, 10)]);
    assert.equal(failureAfter(first, Buffer.from([T.alert, 3, 3, 0, 2, 1, 90])).alert, 'unexpectedMessage');
  });
  it('two ClientHellos in one record (the second spans a change of keys)', () => {
    const client = new RawClient();
    const hello = writeHello(hello13(client.key));
    client.sendMessage(Buffer.concat([hello, hello]));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
});

describe('fragmentation', () => {
  const inPieces = (bytes: Uint8Array, receive: (piece: Uint8Array) => void, size: number): void => {
    for (let at = 0; at < bytes.length; at += size) receive(Uint8Array.from(bytes.subarray(at, at + size)));
  };
  for (const size of [1, 2, 3, 5, 7, 64]) {
    it(`a hello in pieces of ${size} bytes from the network`, () => {
      const client = new RawClient();
      client.firstHello = writeHello(hello13(client.key));
      inPieces(client.record(T.handshake, client.firstHello), (p) => client.server.receive(p), size);
      client.read().sendMessage(client.finished13());
      assert.ok(client.server.isSecure);
    });
    it(`a hello in records of ${size} bytes`, () => {
      const client = new RawClient();
      client.firstHello = writeHello(hello13(client.key));
      inPieces(client.firstHello, (p) => client.sendMessage(p), size);
      client.read();
      inPieces(client.finished13(), (p) => client.sendMessage(p), size);
      assert.ok(client.server.isSecure, client.server.failure?.message);
    });
    it(`TLS 1.2 in records of ${size} bytes`, () => {
      const client = new RawClient();
      client.hello = hello12();
      client.firstHello = writeHello(client.hello);
      inPieces(client.firstHello, (p) => client.sendMessage(p), size);
      client.read();
      inPieces(client.clientKeyExchange12(), (p) => client.sendMessage(p), size);
      client.send(T.changeCipherSpec, Uint8Array.of(1)).encrypt12();
      inPieces(client.finished12(), (p) => client.sendMessage(p), size);
      assert.ok(client.server.isSecure, client.server.failure?.message);
    });
  }
  it('everything in one buffer that is reused afterwards', () => {
    const client = connect13();
    const bytes = Buffer.concat(
      ['one', 'two', 'three'].map((text) => client.record(T.applicationData, Buffer.from(text))),
    );
    const half = Uint8Array.from(bytes.subarray(0, 40));
    client.server.receive(half);
    half.fill(0);
    client.server.receive(bytes.subarray(40));
    assert.equal(client.server.plaintext.toString(), 'onetwothree');
  });
  for (const provider of providers) {
    it(`what was handed over stays as it was, whatever comes later, ${provider.name}`, () => {
      const clients = [connect13({ provider }), connect12({ provider }), connect13({ provider })];
      const kept: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = [];
      for (const { server } of clients)
        server.onPlaintext = (bytes) => void kept.push({ bytes, copy: Buffer.from(bytes) });
      const input = new Uint8Array(65_536);
      for (let round = 0; round < 12; round++) {
        for (const [i, client] of clients.entries()) {
          const lengths = [16_384, 5000 + round, 1, 9000, 16_384].slice(round % 3);
          const stream = Buffer.concat(
            lengths.map((length) => client.record(T.applicationData, Buffer.alloc(length, 16 * i + round))),
          );
          // The last record spans two inputs, which come in one buffer.
          for (const part of [stream.subarray(0, -7000), stream.subarray(-7000)]) {
            input.set(part);
            client.server.receive(input.subarray(0, part.length));
          }
          assert.equal(client.server.failure, undefined);
        }
      }
      assert.ok(kept.length > 36);
      for (const { bytes, copy } of kept) assert.ok(copy.equals(bytes));
    });
  }

  it('a KeyUpdate between long records that come together', () => {
    const client = connect13();
    const texts = [10_000, 16_384, 16_384, 8000].map((length, i) => Buffer.alloc(length, 65 + i));
    const records = texts.slice(0, 2).map((text) => client.record(T.applicationData, text));
    records.push(client.record(T.handshake, writeKeyUpdate(false)));
    client.nextSendingKeys();
    records.push(...texts.slice(2).map((text) => client.record(T.applicationData, text)));
    client.server.receive(Buffer.concat(records));
    assert.equal(client.server.failure, undefined);
    assert.ok(client.server.plaintext.equals(Buffer.concat(texts)));
  });

  it('long records of several connections, whose pieces come by turns', () => {
    const clients = [connect13(), connect12(), connect13()];
    const texts = clients.map((_, i) => Buffer.from(Array.from({ length: 50_000 }, (_, at) => at * (i + 3))));
    const streams = clients.map((client, i) => {
      const cuts = [0, 16_384, 20_000, 24_100, 36_000, 50_000];
      return Buffer.concat(
        cuts.slice(1).map((end, cut) => client.record(T.applicationData, texts[i]!.subarray(cuts[cut], end))),
      );
    });
    for (let at = 0, step = 1; at < 60_000; at += step, step = (step * 7 + 11) % 9000) {
      for (const [i, client] of clients.entries()) {
        const piece = Uint8Array.from(streams[i]!.subarray(at, at + step));
        if (piece.length > 0) client.server.receive(piece);
        piece.fill(0);
      }
    }
    for (const [i, client] of clients.entries()) assert.ok(client.server.plaintext.equals(texts[i]!));
  });
});

describe('protected records', () => {
  for (const [version, connect] of [
    ['TLS 1.3', connect13],
    ['TLS 1.2', connect12],
  ] as const) {
    it(`${version}: every changed bit is noticed`, () => {
      for (const bit of [0, 7, 40, 100]) {
        const client = connect();
        const record = client.record(T.applicationData, Buffer.from('some text'));
        const index = 5 + (bit % (record.length - 5));
        record[index]! ^= 1 << (bit % 8);
        client.server.receive(record);
        assert.equal(client.server.failure?.alert, 'badRecordMac');
        assert.equal(client.server.plaintext.length, 0);
      }
    });
    it(`${version}: a repeated, a left out, a truncated record`, () => {
      const repeated = connect();
      const record = repeated.record(T.applicationData, Buffer.from('x'));
      repeated.server.receive(record);
      repeated.server.receive(Uint8Array.from(record));
      assert.equal(repeated.server.failure?.alert, 'badRecordMac');
      const skipping = connect();
      skipping.record(T.applicationData, Buffer.from('x'));
      skipping.send(T.applicationData, Buffer.from('y'));
      assert.equal(skipping.server.failure?.alert, 'badRecordMac');
      const short = connect();
      short.server.receive(Buffer.concat([header(T.applicationData, 3), Buffer.from('abc')]));
      assert.equal(short.server.failure?.alert, 'badRecordMac');
    });
    it(`${version}: more plaintext than a record may hold`, () => {
      const client = connect();
      client.send(T.applicationData, new Uint8Array(2 ** 14));
      assert.equal(client.server.plaintext.length, 2 ** 14);
      client.send(T.applicationData, new Uint8Array(2 ** 14 + 1));
      assert.equal(client.server.failure?.alert, 'recordOverflow');
    });
    it(`${version}: a record that is too long on the wire`, () => {
      const client = connect();
      client.server.receive(header(T.applicationData, 2 ** 14 + (version === 'TLS 1.3' ? 257 : 2049)));
      assert.equal(client.server.failure?.alert, 'recordOverflow');
    });
    it(`${version}: empty records are taken, but not a million of them`, () => {
      const client = connect();
      for (let i = 0; i < 32; i++) client.send(T.applicationData, new Uint8Array());
      client.send(T.applicationData, Buffer.from('x'));
      assert.equal(client.server.plaintext.toString(), 'x');
      for (let i = 0; i < 33; i++) client.send(T.applicationData, new Uint8Array());
      assert.equal(client.server.failure?.alert, 'unexpectedMessage');
      assert.equal(client.server.failure?.code, 'TOO_MANY_EMPTY_FRAGMENTS');
    });
    it(`${version}: an empty handshake record`, () => {
      assert.equal(connect().send(T.handshake, new Uint8Array()).server.failure?.alert, 'unexpectedMessage');
    });
    it(`${version}: a ChangeCipherSpec after the handshake`, () => {
      assert.equal(connect().send(T.changeCipherSpec, Uint8Array.of(1)).server.failure?.alert, 'unexpectedMessage');
    });
    it(`${version}: close_notify ends the stream; what comes after it is not read`, () => {
      const client = connect().send(T.applicationData, Buffer.from('x')).sendAlert(1, 0);
      client.send(T.applicationData, Buffer.from('late'));
      assert.deepEqual(client.server.events.at(-1), { type: 'end' });
      assert.equal(client.server.plaintext.toString(), 'x');
      assert.ok(client.server.connection.protect(Buffer.from('still ours')), 'our direction stays open');
    });
    it(`${version}: long records that come together are handed over together, and what follows them has its due`, () => {
      const texts = [16_384, 5000, 1, 16_384, 16_384, 9000, 16_384].map((length, i) => Buffer.alloc(length, 65 + i));
      const all = Buffer.concat(texts);
      const bulk = (client: RawClient): Uint8Array[] => texts.map((text) => client.record(T.applicationData, text));
      const alone = connect();
      alone.server.receive(Buffer.concat([...bulk(alone), alone.record(T.applicationData, new Uint8Array())]));
      assert.ok(alone.server.plaintext.equals(all));
      assert.ok(alone.server.pieces < texts.length);
      const last = connect();
      last.server.receive(Buffer.concat([...bulk(last), last.record(T.alert, Uint8Array.of(1, 0))]));
      assert.ok(last.server.plaintext.equals(all));
      assert.deepEqual(last.server.events.at(-1), { type: 'end' });
      const bad = connect();
      const records = bulk(bad);
      records[5]![100]! ^= 1;
      bad.server.receive(Buffer.concat(records));
      assert.ok(bad.server.plaintext.equals(Buffer.concat(texts.slice(0, 5))));
      assert.equal(bad.server.failure?.alert, 'badRecordMac');
      const long = connect();
      long.server.receive(Buffer.concat([...bulk(long), long.record(T.applicationData, new Uint8Array(2 ** 14 + 1))]));
      assert.ok(long.server.plaintext.equals(all));
      assert.equal(long.server.failure?.alert, 'recordOverflow');
      const refused = connect();
      refused.server.receive(Buffer.concat([...bulk(refused), refused.record(T.handshake, new Uint8Array())]));
      assert.ok(refused.server.plaintext.equals(all));
      assert.equal(refused.server.failure?.alert, 'unexpectedMessage');
    });
    it(`${version}: a fatal alert ends it without an answer`, () => {
      const client = connect();
      client.server.takeOutput();
      client.sendAlert(2, 80);
      assert.equal(client.server.failure?.direction, 'received');
      assert.equal(client.server.failure?.alert, 'internalError');
      assert.equal(client.server.takeOutput().length, 0);
    });
  }

  it('TLS 1.3: a record without a content type', () => {
    const client = connect13();
    const out = new Uint8Array(5 + 10 + 16);
    const { aead, iv } = trafficKey(nodeCrypto, client.suite, client.applicationSecrets.client);
    out.set(header(T.applicationData, 26));
    aead.seal(iv, out.subarray(0, 5), new Uint8Array(10), new Uint8Array(), out, 5);
    client.server.receive(out);
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
  it('TLS 1.3: an inner type that no record may have', () => {
    assert.equal(connect13().send(99, Uint8Array.of(1)).server.failure?.alert, 'unexpectedMessage');
  });
  it('TLS 1.3: new keys begin behind long records that came together', () => {
    const client = connect13();
    const text = Buffer.alloc(16_384, 7);
    const before = [0, 1, 2].map(() => client.record(T.applicationData, text));
    const update = client.record(T.handshake, writeKeyUpdate(false));
    client.nextSendingKeys();
    client.server.receive(Buffer.concat([...before, update, client.record(T.applicationData, text)]));
    assert.equal(client.server.failure, undefined);
    assert.ok(client.server.plaintext.equals(Buffer.concat([text, text, text, text])));
  });
  it('TLS 1.3: padding is taken away', () => {
    assert.equal(connect13().send(T.applicationData, Buffer.from('x'), 200).server.plaintext.toString(), 'x');
  });
  it('TLS 1.3: an unencrypted record once keys are there', () => {
    const client = connect13();
    client.server.receive(Buffer.concat([header(T.handshake, 5), writeKeyUpdate(false)]));
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
  it('TLS 1.2: warnings are passed over, but not without end', () => {
    const client = connect12();
    for (let i = 0; i < 4; i++) client.sendAlert(1, 90);
    assert.ok(client.server.connection.wantsInput);
    client.sendAlert(1, 90);
    assert.equal(client.server.failure?.code, 'TOO_MANY_WARNING_ALERTS');
  });
  it('TLS 1.3: any alert but close_notify and user_canceled is an error, whatever its level (RFC 8446 section 6)', () => {
    assert.equal(connect13().sendAlert(1, 112).server.failure?.alert, 'unrecognizedName');
    assert.equal(connect13().sendAlert(1, 90).server.failure, undefined);
  });
});

describe('ChangeCipherSpec during a TLS 1.3 handshake', () => {
  const ccs = Buffer.from([T.changeCipherSpec, 3, 3, 0, 1, 1]);
  it('is passed over between the hellos and the Finished', () => {
    const client = new RawClient();
    client.sendHello(hello13(client.key)).server.receive(ccs);
    client.read().sendMessage(client.finished13());
    assert.ok(client.server.isSecure);
  });
  for (const [name, bytes] of [
    ['another value', [20, 3, 3, 0, 1, 2]],
    ['two bytes', [20, 3, 3, 0, 2, 1, 1]],
    ['no byte', [20, 3, 3, 0, 0]],
  ] as const) {
    it(`${name}: unexpected_message`, () => {
      const client = new RawClient();
      client.sendHello(hello13(client.key)).server.receive(Buffer.from(bytes));
      assert.equal(client.server.failure?.alert, 'unexpectedMessage');
    });
  }
  it('a flood of them', () => {
    const client = new RawClient();
    client.sendHello(hello13(client.key));
    for (let i = 0; i < 32; i++) client.server.receive(ccs);
    assert.equal(client.server.hasFailed, false);
    client.server.receive(ccs);
    assert.equal(client.server.failure?.alert, 'unexpectedMessage');
  });
});

describe('early data that was not asked for', () => {
  it('is passed over up to a bound, then the handshake goes on', () => {
    const client = new RawClient();
    client.sendHello(withExtension(hello13(client.key), ext.earlyData()));
    for (let i = 0; i < 3; i++)
      client.server.receive(Buffer.concat([header(T.applicationData, 10_000), Buffer.alloc(10_000, 7)]));
    client.read().sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
  });
  it('more than the bound: bad_record_mac', () => {
    const client = new RawClient();
    client.sendHello(withExtension(hello13(client.key), ext.earlyData()));
    for (let i = 0; i < 7; i++)
      client.server.receive(Buffer.concat([header(T.applicationData, 10_000), Buffer.alloc(10_000, 7)]));
    assert.equal(client.server.failure?.alert, 'badRecordMac');
  });
  it('none was announced: bad_record_mac at once', () => {
    const client = new RawClient();
    client
      .sendHello(hello13(client.key))
      .server.receive(Buffer.concat([header(T.applicationData, 100), Buffer.alloc(100, 7)]));
    assert.equal(client.server.failure?.alert, 'badRecordMac');
  });
  it('between the hellos of a HelloRetryRequest', () => {
    const client = new RawClient();
    const hello = withExtension(hello13(client.key), ext.keyShare([]));
    client.sendHello({ ...hello, extensions: [...hello.extensions!, ext.earlyData()] }).read();
    assert.equal(client.server.connection.report.earlyData, 'rejected');
    client.server.receive(Buffer.concat([header(T.applicationData, 10_000), Buffer.alloc(10_000, 7)]));
    client.sendSecondHello(withExtension(hello, ext.keyShare([{ group: 29, key: client.key.share }]))).read();
    client.sendMessage(client.finished13());
    assert.ok(client.server.isSecure, client.server.failure?.message);
  });
});

describe('KeyUpdate', () => {
  it('changes the keys of the client, and ours when asked', () => {
    const client = connect13();
    client.sendMessage(writeKeyUpdate(true)).nextSendingKeys().send(T.applicationData, Buffer.from('after'));
    assert.equal(client.server.plaintext.toString(), 'after');
    client.read();
    assert.equal(client.messages.at(-1)?.type, HandshakeType.keyUpdate);
    client.server.receive(new Uint8Array());
    const sent = client.server.connection.protect(Buffer.from('ours'))!;
    const opened = client.opener.open(sent[0]!, sent, 5, sent.length);
    assert.equal(Buffer.from(opened!.content).toString(), 'ours');
  });
  it('of our own: the client is asked for its', () => {
    const client = connect13();
    client.read();
    assert.ok(client.server.connection.updateKeys());
    client.read();
    assert.deepEqual([...client.messages.at(-1)!.body], [1]);
    assert.equal(connect12().server.connection.updateKeys(), false);
    // RFC 9846 section 4.7.3: it is not asked again before it has sent one.
    assert.ok(client.server.connection.updateKeys());
    assert.deepEqual([...client.read().messages.at(-1)!.body], [0]);
    client.sendMessage(writeKeyUpdate(false)).nextSendingKeys();
    assert.ok(client.server.connection.updateKeys());
    assert.deepEqual([...client.read().messages.at(-1)!.body], [1]);
  });
  it('many requests in one input are answered once', () => {
    const client = connect13();
    client.read();
    const updates = Array.from({ length: 5 }, () => {
      const record = client.record(T.handshake, writeKeyUpdate(true));
      client.nextSendingKeys();
      return record;
    });
    const before = client.messages.length;
    client.server.receive(Buffer.concat(updates));
    client.read();
    assert.equal(client.messages.length, before + 1);
  });
  const refused: [string, (client: RawClient) => unknown, string][] = [
    ['a request of 2', (c) => c.sendMessage(Uint8Array.of(24, 0, 0, 1, 2)), 'illegalParameter'],
    ['an empty one', (c) => c.sendMessage(Uint8Array.of(24, 0, 0, 0)), 'decodeError'],
    ['one that is too long', (c) => c.sendMessage(Uint8Array.of(24, 0, 0, 2, 0, 0)), 'decodeError'],
    [
      'two under one key',
      (c) => c.sendMessage(Buffer.concat([writeKeyUpdate(false), writeKeyUpdate(false)])),
      'unexpectedMessage',
    ],
    [
      'a flood',
      (c) => {
        for (let i = 0; i < 33; i++) c.sendMessage(writeKeyUpdate(false)).nextSendingKeys();
      },
      'unexpectedMessage',
    ],
  ];
  for (const [name, act, alert] of refused) {
    it(`${name}: ${alert}`, () => {
      const client = connect13();
      act(client);
      assert.equal(client.server.failure?.alert, alert);
    });
  }
});

describe('messages after the handshake', () => {
  it('TLS 1.3 takes none but KeyUpdate', () => {
    for (const type of [0, 1, 2, 4, 5, 8, 11, 13, 15, 20, 99]) {
      assert.equal(connect13().sendMessage(Uint8Array.of(type, 0, 0, 0)).server.failure?.alert, 'unexpectedMessage');
    }
  });
  it('TLS 1.2 refuses to renegotiate with a warning, a few times', () => {
    const client = connect12();
    client.sendMessage(writeHello(hello12())).read();
    assert.deepEqual([...client.contents.at(-1)!.content], [1, 100]);
    client.send(T.applicationData, Buffer.from('goes on'));
    assert.equal(client.server.plaintext.toString(), 'goes on');
    for (let i = 0; i < 4; i++) client.sendMessage(writeHello(hello12()));
    assert.equal(client.server.failure?.code, 'TOO_MANY_RENEGOTIATIONS');
  });
  it('TLS 1.2 says nothing more after its close_notify (RFC 5246 section 7.2.1)', () => {
    const client = connect12();
    client.server.connection.close();
    client.read().sendMessage(writeHello(hello12())).read();
    assert.deepEqual(
      client.contents.map(({ content }) => [...content]),
      [[1, 0]],
    );
    assert.equal(client.server.hasFailed, false);
  });
});
