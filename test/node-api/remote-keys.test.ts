import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { TLSSocket } from '../../src/index.ts';
import { type IdentityKind, identity, makeIdentity } from '../support/identities.ts';
import { RemoteSigners } from '../support/remote-signer.ts';
import { client, connect, type Listening, listen, readAll } from '../support/tls-pair.ts';

const signers = new RemoteSigners();
after(() => signers.stop());

const only = (version: tls.SecureVersion) => ({ minVersion: version, maxVersion: version });
const rsae = ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'];
const pkcs1 = ['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'];
const pss = ['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'];
const ecdsa = ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'];

/** The schemes of each kind of key (RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1). */
const schemes: Readonly<Record<IdentityKind, Readonly<Record<'TLSv1.3' | 'TLSv1.2', readonly string[]>>>> = {
  rsa: { 'TLSv1.3': rsae, 'TLSv1.2': [...rsae, ...pkcs1] },
  'rsa-pss': { 'TLSv1.3': pss, 'TLSv1.2': pss },
  p256: { 'TLSv1.3': ecdsa.slice(0, 1), 'TLSv1.2': ecdsa },
  p384: { 'TLSv1.3': ecdsa.slice(1, 2), 'TLSv1.2': ecdsa },
  p521: { 'TLSv1.3': ecdsa.slice(2), 'TLSv1.2': ecdsa },
  ed25519: { 'TLSv1.3': ['ed25519'], 'TLSv1.2': ['ed25519'] },
  ed448: { 'TLSv1.3': ['ed448'], 'TLSv1.2': ['ed448'] },
};

/** The name of a scheme as OpenSSL has it. */
const sigalg = (scheme: string): string =>
  scheme.replace(/^rsa_pkcs1_sha(\d+)$/, 'RSA+SHA$1').replace(/^ecdsa_secp\d+r1_sha(\d+)$/, 'ECDSA+SHA$1');
/** With that of the authority, which the client must take as well. */
const sigalgs = (scheme: string): string => [...new Set([sigalg(scheme), 'ECDSA+SHA256'])].join(':');

/** What a client that verifies the certificate reads. */
async function visit(port: number, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = await connect(port, options);
  const read = (await readAll(socket)).toString();
  socket.destroy();
  return read;
}

const hello = (socket: TLSSocket): void => void socket.end('hello');

describe('a key in another process', () => {
  for (const kind of Object.keys(schemes) as IdentityKind[]) {
    it(`${kind}, every scheme`, async () => {
      const { key: privateKey, cert } = identity(kind);
      const path = signers.path();
      await signers.start(path, privateKey);
      const remote = await signers.key(path, privateKey);
      const asked: string[] = [];
      const key = {
        ...remote,
        sign: (scheme: string, data: Uint8Array) => {
          asked.push(scheme);
          return remote.sign(scheme, data);
        },
      };
      for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
        for (const scheme of schemes[kind][version]) {
          await using at = await listen({ key, cert, ...only(version), sigalgs: sigalg(scheme) }, hello);
          assert.equal(await visit(at.port, { sigalgs: sigalgs(scheme) }), 'hello', `${version} ${scheme}`);
          assert.equal(asked.pop(), scheme);
        }
      }
      assert.deepEqual(asked, []);
    });
  }
});

/** The next failure of a handshake, and the next connection that works. */
const failed = (at: Listening): Promise<Error & { alert?: string; cause?: Error }> => at.nextError() as never;

for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
  describe(`a signer in trouble, ${version}`, () => {
    const { key: privateKey, cert } = identity('p256');
    const local = makeIdentity('p256', ['local.example']);

    /** A server with a remote key, and beside it a host whose key is here. */
    async function serve(path: string, timeout?: number): Promise<Listening> {
      const key = await signers.key(path, privateKey, timeout);
      const at = await listen({ key, cert, ...only(version) }, hello);
      at.server.addContext('local.example', { ...local, ...only(version) });
      return at;
    }
    const visitLocal = (at: Listening): Promise<string> => visit(at.port, { servername: 'local.example' });

    it('that is slow: its connection waits, others do not', async () => {
      const path = signers.path();
      const signer = await signers.start(path, privateKey);
      await using at = await serve(path);
      assert.equal(await visit(at.port), 'hello');
      signer.kill('SIGSTOP');
      let isDone = false;
      const slow = visit(at.port).finally(() => {
        isDone = true;
      });
      for (let i = 0; i < 5; i++) assert.equal(await visitLocal(at), 'hello');
      assert.equal(isDone, false);
      signer.kill('SIGCONT');
      assert.equal(await slow, 'hello');
      assert.deepEqual(at.errors, []);
    });

    it('that never answers: its connection ends', async () => {
      const path = signers.path();
      const signer = await signers.start(path, privateKey);
      await using at = await serve(path, 50);
      signer.kill('SIGSTOP');
      const error = failed(at);
      const refused = assert.rejects(visit(at.port), { code: /INTERNAL_ERROR/ });
      assert.match((await error).message, /takes too long/);
      await refused;
      assert.equal(await visitLocal(at), 'hello');
      signer.kill('SIGCONT');
      assert.equal(await visit(at.port), 'hello', 'late answers do no harm');
    });

    it('that dies while it signs, is away, and comes back', async () => {
      const path = signers.path();
      const signer = await signers.start(path, privateKey);
      await using at = await serve(path);
      assert.equal(await visit(at.port), 'hello');
      signer.kill('SIGSTOP');
      const error = failed(at);
      const refused = assert.rejects(visit(at.port), { code: /INTERNAL_ERROR/ });
      while (at.server.listening && (await connections(at)) === 0);
      signer.kill('SIGKILL');
      assert.match((await error).message, /the signer is gone/);
      assert.equal((await error).alert, 'internal_error');
      await refused;
      await assert.rejects(visit(at.port), { code: /INTERNAL_ERROR/ });
      assert.equal(await visitLocal(at), 'hello');
      await signers.start(path, privateKey);
      assert.equal(await visit(at.port), 'hello');
    });

    it('that refuses', async () => {
      const path = signers.path();
      // Asked for ECDSA with SHA-256, which this key has nothing to do with.
      await signers.start(path, makeIdentity('ed25519').key);
      await using at = await serve(path);
      const error = failed(at);
      await assert.rejects(visit(at.port), { code: /INTERNAL_ERROR/ });
      assert.match((await error).message, /the signer says/);
      assert.equal(await visitLocal(at), 'hello');
    });

    it('that lies: the client notices, and nobody else', async () => {
      const path = signers.path();
      await signers.start(path, makeIdentity('p256').key);
      await using at = await serve(path);
      const seen = Promise.race([at.nextError(), at.nextSocket()]);
      await assert.rejects(visit(at.port), { code: /SIGNATURE|INVALID/ });
      const error = await seen;
      assert.ok(!(error instanceof TLSSocket));
      assert.deepEqual([error.alert, error.alertDirection], ['decrypt_error', 'received']);
      assert.equal(await visitLocal(at), 'hello');
    });

    it('that answers what is no signature: the connection ends', async () => {
      for (const answer of ['text', null, 5, {}, new Uint8Array()]) {
        const { publicKey } = await signers.key(signers.path(), privateKey);
        const key = { publicKey, sign: async () => answer as never };
        await using at = await listen({ key, cert, ...only(version) }, hello);
        const gone = once(
          client(at.port).on('secureConnect', () => assert.fail('a handshake')),
          'error',
        );
        await at.nextError();
        await gone;
      }
    });
  });
}

/** Connections that are open. */
const connections = ({ server }: Listening): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
