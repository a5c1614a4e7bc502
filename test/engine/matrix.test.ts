import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { type CipherSuite, cipherSuites, hashLength } from '../../src/crypto/cipher-suites.ts';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { SecureVersion, TLSSocketOptions } from '../../src/index.ts';
import { NamedGroup, ProtocolVersion, versionName } from '../../src/wire/code-points.ts';
import { type IdentityKind, identity } from '../support/identities.ts';
import { connectInMemory, type MemoryConnection } from '../support/memory-connection.ts';

// Every suite with every certificate and every group, between tsls and the client of this Node's OpenSSL.

interface Group {
  readonly name: string;
  readonly id: number;
}

const groups: readonly Group[] = [
  { name: 'X25519', id: NamedGroup.x25519 },
  { name: 'X448', id: NamedGroup.x448 },
  { name: 'P-256', id: NamedGroup.secp256r1 },
  { name: 'P-384', id: NamedGroup.secp384r1 },
  { name: 'P-521', id: NamedGroup.secp521r1 },
];
const hybrids: readonly Group[] = [
  { name: 'X25519MLKEM768', id: NamedGroup.x25519MLKEM768 },
  { name: 'SecP256r1MLKEM768', id: NamedGroup.secp256r1MLKEM768 },
  { name: 'SecP384r1MLKEM1024', id: NamedGroup.secp384r1MLKEM1024 },
];
const rsaKinds: readonly IdentityKind[] = ['rsa', 'rsa-pss'];
const ecdsaKinds: readonly IdentityKind[] = ['p256', 'p384', 'p521', 'ed25519', 'ed448'];
const kinds = [...rsaKinds, ...ecdsaKinds];

/** Whether a client of this Node can be told so. */
function clientTakes(options: tls.SecureContextOptions): boolean {
  try {
    tls.createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}

/** Why a group cannot be tried here, in words. */
function whyNot({ name, id }: Group): string | undefined {
  if (!clientTakes({ ecdhCurve: name }))
    return `the client of this Node (OpenSSL ${process.versions.openssl}) lacks it`;
  if (nodeCrypto.keyAgreement(id) === undefined) return 'node:crypto of this Node lacks ML-KEM, so tsls lacks it';
  return undefined;
}

const usable13 = [...groups, ...hybrids].filter((group) => whyNot(group) === undefined);

interface Case {
  readonly suite: CipherSuite;
  readonly kind: IdentityKind;
  readonly group: Group;
  /** The groups of the client, if not the one of the server. */
  readonly clientGroups?: string;
}

/** OpenSSL's cipher list for one suite. It counts the short tag of CCM_8 as weak. */
const cipherList = ({ name }: CipherSuite): string =>
  name.includes('CCM_8') ? `${name}:DEFAULT:@SECLEVEL=0` : name.startsWith('TLS_') ? `${name}:DEFAULT` : name;

function connectCase({ suite, kind, group, clientGroups = group.name }: Case): Promise<MemoryConnection> {
  const { key, cert } = identity(kind);
  const version = versionName(suite.version) as SecureVersion;
  const versions = { minVersion: version, maxVersion: version } as const;
  const server: TLSSocketOptions = {
    ...versions,
    key,
    cert,
    ciphers: suite.name,
    ecdhCurve: group.name,
    ALPNProtocols: ['matrix', 'h2'],
  };
  // In TLS 1.2 the client's groups are also the curves that it takes in certificates (RFC 8422 section 5.1.1).
  const curves = suite.version === ProtocolVersion.tls12 ? ['P-256', 'P-384', 'P-521'] : [];
  const ecdhCurve = [...new Set([...clientGroups.split(':'), ...curves])].join(':');
  return connectInMemory(server, {
    ...versions,
    ciphers: cipherList(suite),
    ecdhCurve,
    ALPNProtocols: ['http/1.1', 'matrix'],
  });
}

/** What both ends say of the connection. */
function checkAgreement({ server, client }: MemoryConnection, { suite, kind, group }: Case): void {
  const version = versionName(suite.version);
  assert.equal(server.getProtocol(), version);
  assert.equal(client.getProtocol(), version);
  assert.equal(server.getCipher()?.name, suite.name);
  assert.equal(client.getCipher().name, suite.name);
  assert.equal(server.handshakeReport.group, group.id);
  assert.equal(server.servername, 'localhost');
  assert.equal(server.alpnProtocol, 'matrix');
  assert.equal(client.alpnProtocol, 'matrix');
  assert.equal(client.authorized, true);
  assert.deepEqual(client.getPeerCertificate().raw, new X509Certificate(identity(kind).cert).raw);
  assert.equal(server.getFinished()?.length, suite.version === ProtocolVersion.tls12 ? 12 : hashLength[suite.hash]);
  assert.deepEqual(server.getFinished(), client.getPeerFinished());
  assert.deepEqual(server.getPeerFinished(), client.getFinished());
  for (const context of [undefined, Buffer.alloc(0), Buffer.from('a context')]) {
    // Node's types want a context; without one, TLS 1.2 exports something else than with an empty one.
    const args = [70, 'EXPORTER-matrix', ...(context ? [context] : [])] as unknown as [number, string, Buffer];
    assert.deepEqual(server.exportKeyingMaterial(...args), client.exportKeyingMaterial(...args));
  }
}

const data = Buffer.from(Uint8Array.from({ length: 40_000 }, (_, i) => i % 251));

/** Bytes from the client and back; then both ends end. */
async function checkEcho({ server, client }: MemoryConnection): Promise<void> {
  const closed = Promise.all([once(server, 'close'), once(client, 'close')]);
  server.pipe(server);
  client.write(data);
  const echo: Buffer[] = [];
  let length = 0;
  client.on('data', (chunk: Buffer) => {
    echo.push(chunk);
    length += chunk.length;
    if (length >= data.length) client.end();
  });
  await once(client, 'end');
  assert.ok(Buffer.concat(echo).equals(data), 'the echo');
  assert.deepEqual(await closed, [[false], [false]], 'closed without an error');
  assert.equal(server.truncated, false, 'the close_notify of the client was received');
}

async function check(entry: Case): Promise<void> {
  try {
    const connection = await connectCase(entry);
    checkAgreement(connection, entry);
    assert.equal(connection.server.handshakeReport.helloRetryRequest, entry.clientGroups !== undefined);
    await checkEcho(connection);
  } catch (error) {
    const what = `${entry.suite.name}, ${entry.kind}, ${entry.group.name}`;
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** One test of a suite and a certificate: all groups, next to each other. */
function itConnects(suite: CipherSuite, kind: IdentityKind, usable: readonly Group[]): void {
  it(`${suite.name}, ${kind}: ${usable.map(({ name }) => name).join(', ')}`, async () => {
    await Promise.all(usable.map((group) => check({ suite, kind, group })));
  });
}

describe('TLS 1.3 with the client of node:tls', () => {
  for (const suite of cipherSuites.filter(({ version }) => version === ProtocolVersion.tls13)) {
    if (clientTakes({ ciphers: cipherList(suite) })) for (const kind of kinds) itConnects(suite, kind, usable13);
    else it(`${suite.name} is not available in this Node`, { skip: 'its client lacks the suite' }, () => {});
  }
  for (const group of hybrids) {
    const skip = whyNot(group);
    if (skip) it(`${group.name} is not available in this Node`, { skip }, () => {});
  }
  for (const group of usable13) {
    const other = group.name === 'P-256' ? 'P-384' : 'P-256';
    it(`${group.name} after a HelloRetryRequest`, () =>
      check({ suite: cipherSuites[0]!, kind: 'p256', group, clientGroups: `${other}:${group.name}` }));
  }
});

describe('TLS 1.2 with the client of node:tls', () => {
  // Those with DHE are tried in dhparam.test.ts: no group belongs to them.
  for (const suite of cipherSuites.filter(
    ({ authentication, keyExchange }) => authentication !== 'psk' && keyExchange === 'ecdhe',
  )) {
    for (const kind of suite.authentication === 'rsa' ? rsaKinds : ecdsaKinds) itConnects(suite, kind, groups);
  }
});
