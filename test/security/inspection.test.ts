import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { inspect } from 'node:util';
import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import { type TrafficSecret, trafficKey } from '../../src/handshake/tls13/key-schedule.ts';
import { createSecureContext, createServer, type Server, type TLSSocket } from '../../src/index.ts';
import { redisSessions } from '../../src/redis/index.ts';
import { identity } from '../support/identities.ts';
import { client, listen } from '../support/tls-pair.ts';

// Whatever is logged of our objects, no key is in it.

const { key, cert, privateKey } = identity('p256');
const ticketKeys = Buffer.from(Array.from({ length: 48 }, (_, i) => (i * 37 + 11) % 251));
const psk = Buffer.from('a key that both sides know, beforehand');
const fleetSecret = 'the secret of a fleet, which is long enough';

/** All that can be shown of a value. */
const shown = (value: unknown): string =>
  [
    inspect(value, {
      ...{ depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, breakLength: Number.POSITIVE_INFINITY },
      ...{ maxArrayLength: null, maxStringLength: null, compact: true },
    }),
    json(value),
  ].join('\n');

/** As JSON, with what hangs together in circles once. */
function json(value: unknown): string {
  const seen = new Set<unknown>();
  return (
    JSON.stringify(value, (_name, inner: unknown) => {
      if (typeof inner === 'bigint') return `${inner}`;
      if (typeof inner !== 'object' || inner === null) return inner;
      if (seen.has(inner)) return undefined;
      seen.add(inner);
      return inner;
    }) ?? ''
  );
}

/** The ways in which bytes are written; half of them are enough to give a key away. */
function* spellings(bytes: Uint8Array): Iterable<string> {
  const part = Buffer.from(bytes.subarray(0, Math.max(16, bytes.length >> 1)));
  yield part.toString('hex');
  yield part.toString('hex').toUpperCase();
  yield (part.toString('hex').match(/../g) ?? []).join(' ');
  yield [...part].join(', ');
  yield [...part].join(',');
  yield [...bytes.subarray(0, 16)].join(', ');
  for (let shift = 0; shift < 3; shift++) {
    // Base64 of what a secret stands in the middle of, without the characters that hold other bits, too.
    const text = Buffer.concat([Buffer.alloc(shift), part.subarray(0, part.length - ((part.length + shift) % 3))]);
    yield text.toString('base64').slice(4);
    yield text.toString('base64url').slice(4);
  }
  yield inspect(part.toString('latin1')).slice(1, -1);
}

function assertSecret(what: string, text: string, secrets: ReadonlyMap<string, Uint8Array>): void {
  assert.ok(text.length > 50, `nothing is shown of ${what}`);
  // PEM has lines, which inspection joins with a plus.
  const joined = text.replace(/\\n|["'] \+\s*["']|\s/g, '');
  for (const [name, bytes] of secrets) {
    assert.ok(bytes.length >= 16, name);
    for (const spelling of spellings(bytes)) {
      assert.ok(!text.includes(spelling) && !joined.includes(spelling), `${what} shows ${name}: ${spelling}`);
    }
  }
}

/** The server's long-lived secrets. */
function keySecrets(): Map<string, Uint8Array> {
  const { d } = privateKey.export({ format: 'jwk' });
  return new Map<string, Uint8Array>([
    ['the private key', Buffer.from(d!, 'base64url')],
    ['PKCS #8', createPrivateKey(key).export({ format: 'der', type: 'pkcs8' }).subarray(36)],
    ['the name and half of the ticket key', ticketKeys],
    ['the other half of the ticket key', ticketKeys.subarray(16)],
    ['the PSK', psk],
    ['the secret of the fleet', Buffer.from(fleetSecret)],
  ]);
}

/** Those of one connection, from its key log, and the keys and IVs that follow from them. */
function connectionSecrets(lines: readonly string[], suiteName: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const suite = cipherSuites.find(({ name }) => name === suiteName)!;
  for (const line of lines) {
    const [label, , hex] = line.trim().split(' ');
    const secret = Buffer.from(hex!, 'hex');
    found.set(label!, secret);
    if (!label!.includes('TRAFFIC')) continue;
    const watched = {
      ...nodeCrypto,
      aead: (name: Parameters<typeof nodeCrypto.aead>[0], bytes: Uint8Array) => {
        found.set(`key of ${label}`, Uint8Array.from(bytes));
        return nodeCrypto.aead(name, bytes);
      },
    };
    trafficKey(watched, suite, Uint8Array.from(secret) as TrafficSecret);
  }
  return found;
}

interface Lived {
  readonly server: Server;
  readonly socket: TLSSocket;
  readonly secrets: Map<string, Uint8Array>;
}

for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
  for (const cryptoProvider of ['node', 'auto'] as const) {
    describe(`what is shown, ${version}, cryptography by ${cryptoProvider}`, () => {
      const options = {
        ...{ ticketKeys, cryptoProvider, minVersion: version, maxVersion: version, ALPNProtocols: ['x'] },
        pskCallback: () => psk,
        sessionStore: redisSessions(async () => null, { secret: fleetSecret, ticketKeys: false }),
      } as const;

      /** A connection that is open, with its secrets. */
      async function live(
        act: (lived: Lived) => Promise<void> | void,
        more: tls.ConnectionOptions = {},
      ): Promise<void> {
        await using at = await listen(options);
        const lines: string[] = [];
        at.server.on('keylog', (line: Buffer) => lines.push(line.toString()));
        const peer = client(at.port, more);
        const socket = await at.nextSocket();
        peer.resume().on('error', () => {});
        if (peer.connecting || !peer.authorized) await once(peer, 'secureConnect');
        const secrets = new Map([...keySecrets(), ...connectionSecrets(lines, socket.getCipher()!.name)]);
        assert.ok(secrets.size >= 7, 'a key log');
        await act({ server: at.server, socket, secrets });
        peer.destroy();
      }

      it('of the server, its context and its sockets', async () => {
        await live(({ server, socket, secrets }) => {
          assertSecret('the socket', shown(socket), secrets);
          assertSecret('the server', shown(server), secrets);
          assertSecret('the report', shown(socket.handshakeReport), secrets);
        });
        const context = createSecureContext({ key, cert, ticketKeys });
        const withoutTickets = keySecrets();
        assertSecret('a context', shown(context), withoutTickets);
        assertSecret('a store', shown(options.sessionStore), withoutTickets);
      });

      it('of errors', async () => {
        await using at = await listen(options);
        const failed = at.nextError();
        client(at.port, { ALPNProtocols: ['other'] }).on('error', () => {});
        const error = await failed;
        assertSecret('the error', shown(error), keySecrets());
        assertSecret('its stack', `${error.stack}${' '.repeat(50)}`, keySecrets());
      });

      it('of a socket whose connection is over', async () => {
        let over: TLSSocket | undefined;
        let secrets = new Map<string, Uint8Array>();
        await live((lived) => {
          over = lived.socket;
          secrets = lived.secrets;
        });
        over!.destroy();
        assertSecret('the socket', shown(over), secrets);
      });
    });
  }
}

describe('what is shown of a server that refuses its options', () => {
  it('has no key in it', () => {
    for (const wrong of [
      { key, cert, passphrase: 5 },
      { key: `${key.slice(0, -60)}`, cert },
      { key, cert: 'x' },
    ]) {
      assert.throws(
        () => createServer(wrong as never),
        (error: Error) => {
          assertSecret('the error', `${shown(error)}${error.stack}`, keySecrets());
          return true;
        },
      );
    }
  });

  it('finds a key where there is one', () => {
    const secrets = keySecrets();
    const [first] = secrets.values();
    for (const leak of [
      Buffer.from(first!),
      Uint8Array.from(first!),
      { text: Buffer.from(first!).toString('base64') },
      { key },
    ]) {
      assert.throws(
        () => assertSecret('a leak', `${shown({ leak })}${' '.repeat(50)}`, secrets),
        /shows the private key/,
      );
    }
  });
});
