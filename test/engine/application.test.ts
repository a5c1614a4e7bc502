import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ServerConfig } from '../../src/handshake/config.ts';
import { TlsAlert } from '../../src/wire/alert.ts';
import { ExtensionType } from '../../src/wire/code-points.ts';
import { ext, hello12, hello13, withExtension, withoutExtension } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import { type ServerEndOptions, serverConfig } from '../support/server-end.ts';

const start = (options: ServerEndOptions, version: '1.3' | '1.2'): RawClient => {
  const client = new RawClient(options);
  const hello = version === '1.3' ? hello13(client.key) : hello12();
  return client.sendHello(withExtension(hello, ext.alpn(['h2'])));
};
const boom = (): never => {
  throw new Error('boom');
};
const withSigner = (sign: () => Uint8Array | Promise<Uint8Array>): Partial<ServerConfig> => {
  const [credential] = serverConfig().credentials;
  return { credentials: [{ ...credential!, signer: { ...credential!.signer, sign } }] };
};

describe('callbacks of the application', () => {
  const failing: [string, ServerEndOptions][] = [
    ['a hook that throws', { policy: { configure: boom } }],
    ['a hook that rejects', { policy: { configure: async () => boom() } }],
    ['a hook that rejects with nothing', { policy: { configure: () => Promise.reject() } }],
    ['an ALPN callback that throws', { config: { alpn: boom } }],
    ['an ALPN callback that rejects', { config: { alpn: async () => boom() } }],
    ['a signer that throws', { config: withSigner(boom) }],
    ['a signer that rejects', { config: withSigner(async () => boom()) }],
    ['a thenable that throws', { policy: { configure: () => Object.fromEntries([['then', boom]]) as never } }],
  ];
  for (const version of ['1.3', '1.2'] as const) {
    for (const [name, options] of failing) {
      it(`${name} ends the connection with internal_error, TLS ${version}`, async () => {
        const client = start(options, version);
        await turn();
        assert.equal(client.server.failure?.alert, 'internalError');
        assert.equal(client.server.failure.direction, 'sent');
        assert.ok(client.server.failure.report.clientHello, 'the report knows the ClientHello');
      });
    }

    it(`an answer that comes later is waited for, TLS ${version}`, async () => {
      let answer: ((config: ServerConfig) => void) | undefined;
      const client = start({ policy: { configure: () => new Promise((resolve) => (answer = resolve)) } }, version);
      assert.equal(client.server.connection.expecting, 'an answer');
      assert.equal(client.server.connection.wantsInput, false);
      assert.equal(client.server.takeOutput().length, 0);
      answer!(serverConfig());
      await turn();
      assert.ok(client.server.takeOutput().length > 500);
      assert.deepEqual(client.server.events.at(-1), { type: 'wantsInput' });
      assert.equal(client.server.connection.wantsInput, true);
    });

    it(`a connection that is destroyed meanwhile ignores the answer, TLS ${version}`, async () => {
      let answer: ((config: ServerConfig) => void) | undefined;
      const client = start({ policy: { configure: () => new Promise((resolve) => (answer = resolve)) } }, version);
      client.server.connection.destroy();
      answer!(serverConfig());
      await turn();
      assert.equal(client.server.takeOutput().length, 0);
      assert.deepEqual(client.server.events, []);
    });

    it(`a connection that is destroyed from within a callback, TLS ${version}`, async () => {
      const client: RawClient = new RawClient({
        policy: {
          configure: () => {
            client.server.connection.destroy();
            return serverConfig();
          },
        },
      });
      client.sendHello(version === '1.3' ? hello13(client.key) : hello12());
      await turn();
      assert.equal(client.server.takeOutput().length, 0);
      assert.equal(client.server.connection.expecting, 'nothing');
    });

    it(`a slow signer, TLS ${version}`, async () => {
      const { credentials } = serverConfig();
      const { signer } = credentials[0]!;
      const slow = {
        ...signer,
        sign: (...of: Parameters<typeof signer.sign>) => turn().then(() => signer.sign(...of)),
      };
      const client = start({ config: { credentials: [{ ...credentials[0]!, signer: slow }] } }, version);
      await turn();
      await turn();
      client.read();
      assert.ok(client.messages.length > 3);
    });
  }

  it('may choose the alert', async () => {
    const client = start(
      { policy: { configure: () => Promise.reject(new TlsAlert('accessDenied', 'not you')) } },
      '1.3',
    );
    await turn();
    assert.equal(client.server.failure?.alert, 'accessDenied');
  });

  it('see the ClientHello as it came', () => {
    const client: RawClient = new RawClient({
      policy: {
        configure: (hello) => {
          assert.deepEqual(Buffer.from(hello.raw), Buffer.from(client.firstHello!));
          assert.deepEqual(hello.cipherSuites, client.hello.cipherSuites);
          assert.deepEqual(
            hello.extensions.map(({ type }) => type),
            client.hello.extensions!.map(([type]) => type),
          );
          return serverConfig();
        },
      },
    });
    client.sendHello(hello13(client.key));
    assert.equal(client.server.hasFailed, false);
  });

  it('input that comes while an answer is due is kept and read afterwards', async () => {
    let answer: ((config: ServerConfig) => void) | undefined;
    const client = start({ policy: { configure: () => new Promise((resolve) => (answer = resolve)) } }, '1.2');
    client.sendAlert(2, 90);
    client.sendAlert(2, 40);
    assert.equal(client.server.hasFailed, false);
    answer!(serverConfig());
    await turn();
    assert.equal(client.server.failure?.direction, 'received');
  });
});

describe('input from within a callback', () => {
  for (const connect of [connect13, connect12]) {
    it(`may be changed as soon as it was taken, ${connect.name}`, () => {
      const client = connect();
      const { server } = client;
      const [first, second] = ['first ', 'second'].map((text) => client.record(23, Buffer.from(text)));
      server.onPlaintext = () => {
        server.onPlaintext = undefined;
        server.receive(second!);
        second!.fill(0);
      };
      server.receive(first!);
      assert.equal(server.failure, undefined);
      assert.equal(server.plaintext.toString(), 'first second');
    });
  }
});

describe('exporters and key log', () => {
  it('nothing is exported of a master secret that is not bound to its handshake (RFC 7627 section 5.4)', () => {
    const { connection } = connect12({}, (hello) => withoutExtension(hello, ExtensionType.extendedMasterSecret)).server;
    assert.throws(() => connection.secured?.exportKeyingMaterial('EXPORTER-test', 32), {
      code: 'ERR_TLS_INVALID_STATE',
    });
  });

  for (const [version, connect] of [
    ['1.3', connect13],
    ['1.2', connect12],
  ] as const) {
    it(`exported keying material depends on label, context and connection, TLS ${version}`, () => {
      const one = connect().server.connection.secured!;
      const other = connect().server.connection.secured!;
      const a = one.exportKeyingMaterial('EXPORTER-test', 100);
      assert.equal(a.length, 100);
      assert.deepEqual(a, one.exportKeyingMaterial('EXPORTER-test', 100));
      assert.notDeepEqual(a, one.exportKeyingMaterial('EXPORTER-other', 100));
      assert.notDeepEqual(a, one.exportKeyingMaterial('EXPORTER-test', 100, Uint8Array.of(1)));
      assert.notDeepEqual(a, other.exportKeyingMaterial('EXPORTER-test', 100));
    });
    it(`the key log has the lines of TLS ${version}`, () => {
      const client = connect();
      const lines = client.server.events.flatMap((event) => (event.type === 'keylog' ? event.line : []));
      const labels = lines.map((line) => line.split(' ')[0]);
      const expected = {
        '1.2': ['CLIENT_RANDOM'],
        '1.3': [
          'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
          'SERVER_HANDSHAKE_TRAFFIC_SECRET',
          'CLIENT_TRAFFIC_SECRET_0',
          'SERVER_TRAFFIC_SECRET_0',
          'EXPORTER_SECRET',
        ],
      };
      assert.deepEqual(labels, expected[version]);
      for (const line of lines) assert.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$/);
    });
  }
});

describe('keys that wear out', () => {
  it('are replaced before the limit of the AEAD, by a KeyUpdate of our own (RFC 8446 section 5.5)', () => {
    // Records are counted, so that the limit of a real key (2^24) need not be reached: CCM_8 has 2^17 at 1 byte each.
    const ccm = connect13({ context: { ciphers: 'TLS_AES_128_CCM_8_SHA256', recordSizeLimit: 64 } }, (h) =>
      withExtension({ ...h, cipherSuites: [0x1305] }, ext.recordSizeLimit(64)),
    );
    ccm.read();
    const before = ccm.messages.length;
    const output = ccm.server.connection.protect(new Uint8Array(63 * (2 ** 17 + 5)))!;
    ccm.readOutput(output);
    assert.equal(ccm.messages.length, before + 1);
    assert.equal(ccm.contents.length, 2 ** 17 + 5);
  });
});
