import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { ServerSessions } from '../../src/node/sessions.ts';
import { ExtensionType as E, HandshakeType, NamedGroup } from '../../src/wire/code-points.ts';
import { Reader } from '../../src/wire/reader.ts';
import { ext, type HelloFields, hello12, hello13, withExtension } from '../support/client-hello.ts';
import { RawClient } from '../support/raw-client.ts';
import { type ServerEndOptions, serverConfig } from '../support/server-end.ts';
import { StepClient } from '../support/step-client.ts';

// What somebody who looks at a server from outside finds of one that nobody configured.

const every = Array.from({ length: 0x10000 }, (_, id) => id);
const identities = ['p256', 'rsa'] as const;
/** TLS_FALLBACK_SCSV, which is no suite. */
const fallbackScsv = 0x5600;

function suiteFor(hello: HelloFields, cipherSuites: readonly number[], server: ServerEndOptions): number | undefined {
  const client = new RawClient(server).sendHello({ ...hello, cipherSuites });
  return client.server.connection.report.cipherSuite?.id;
}

describe('a server that nobody configured', () => {
  it('has suites with AEAD and forward secrecy, and no others', () => {
    const strong12 = [0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8];
    const strong13 = [0x1301, 0x1302, 0x1303];
    for (const [hello, strong] of [
      [hello12(), strong12],
      [hello13(), strong13],
    ] as const) {
      for (const id of strong) assert.equal(suiteFor(hello, [id], { identities }), id, id.toString(16));
      const others = every.filter((id) => id > 0 && id !== fallbackScsv && !strong.includes(id));
      for (const half of [others.slice(0, 32_000), others.slice(32_000, 64_000), others.slice(64_000)]) {
        const client = new RawClient({ identities }).sendHello({ ...hello, cipherSuites: half });
        assert.equal(client.server.failure?.alert, 'handshakeFailure');
      }
    }
  });

  it('chooses the suite in its own order, however the client turns its own', () => {
    for (const [hello, suites] of [
      [hello12(), [0xc02b, 0xc02c, 0xc02f, 0xc030]],
      [hello13(), [0x1301, 0x1302]],
    ] as const) {
      const turned = suites.map((_, i) => [...suites.slice(i), ...suites.slice(0, i)]);
      const chosen = new Set([...turned, suites.toReversed()].map((order) => suiteFor(hello, order, { identities })));
      assert.equal(chosen.size, 1);
    }
  });

  it('makes a key for every handshake, and uses none twice', () => {
    const shareOf = (hello: typeof hello13): string => {
      const client = new RawClient();
      client.sendHello(hello(client.key)).read();
      const exchange = client.messages.find(({ type }) => type === HandshakeType.serverKeyExchange);
      const share = exchange?.body ?? client.serverHello?.extensions.get(E.keyShare);
      assert.ok(share, client.server.failure?.message);
      return Buffer.from(share)
        .toString('hex')
        .slice(0, 8 + 64);
    };
    const psk = { policy: { externalPsk: () => ({ key: new Uint8Array(32) }) } };
    const dhe = { ...psk, context: { ciphers: 'DHE-PSK-AES128-GCM-SHA256', dhparam: 'auto' } } as const;
    const publicOf = (client: RawClient): string => {
      const { body } = client.messages.find(({ type }) => type === HandshakeType.serverKeyExchange)!;
      const r = new Reader(body);
      for (let i = 0; i < 3; i++) r.vector16(); // hint, prime and generator
      return Buffer.from(r.vector16().rest()).toString('hex');
    };
    const shares = Array.from({ length: 8 }, () => [
      shareOf(hello12),
      shareOf(hello13),
      publicOf(new RawClient(dhe).sendHello({ ...hello12(), cipherSuites: [0x00aa] }).read()),
    ]).flat();
    assert.equal(new Set(shares).size, shares.length);
  });

  it('gives tickets of TLS 1.2 that say how long they live', () => {
    const server = { policy: { sessions: new ServerSessions(new EventEmitter(), {}) } };
    const hello = withExtension(hello12(), [E.sessionTicket, new Uint8Array()]);
    const client = new StepClient({ server, hellos: [() => hello, hello12] });
    for (const step of ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const) client.take(step);
    const ticket = client.messages.find(({ type }) => type === HandshakeType.newSessionTicket)!;
    assert.equal(new Reader(ticket.body).u32(), 7200);
  });

  it('has groups of 128 bits of security or more, and no finite field in TLS 1.3', () => {
    const prepared = serverConfig();
    const assigned = every.filter((group) => group < 0x300 || group >> 8 === 0x11);
    const taken = assigned.filter((group) => {
      const hello = withExtension(withExtension(hello13(), ext.supportedGroups([group])), ext.keyShare([]));
      return new RawClient({ prepared }).sendHello(hello).server.failure === undefined;
    });
    const strong: readonly number[] = Object.values(NamedGroup);
    for (const group of [NamedGroup.x25519, NamedGroup.secp256r1]) assert.ok(taken.includes(group));
    for (const group of taken) assert.ok(strong.includes(group), `group ${group}`);
  });
});
