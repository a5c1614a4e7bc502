import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { schemesOf12 } from '../../src/crypto/signature-schemes.ts';
import type { TlsOptions } from '../../src/index.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { extension, makeCertificate, testKey, testName, values } from '../support/certificate-maker.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, type Listening, listen } from '../support/tls-pair.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

const keyTypes = {
  p256: 'ec:P-256',
  p384: 'ec:P-384',
  p521: 'ec:P-521',
  rsa: 'rsa',
  'rsa-pss': 'rsa-pss',
  ed25519: 'ed25519',
  ed448: 'ed448',
} as const;

const stranger = makeIdentity('p256');

/** What the client hears: its data echoed, or the error that ended it. */
async function talk(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = client(port, options);
  const failed = new Promise<string>((resolve) =>
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code} ${error.message}`)),
  );
  socket.write('hello');
  const answered = once(socket, 'data').then(([data]) => String(data));
  const result = await Promise.race([answered.catch(() => failed), failed]);
  socket.destroy();
  return result;
}

const echo = (options: TlsOptions): Promise<Listening> => listen(options, (socket) => socket.pipe(socket));

for (const version of versions) {
  const requiredAlert = version === 'TLSv1.3' ? /alert certificate required/ : /alert handshake failure/;

  describe(`client certificates, ${version}`, () => {
    for (const kind of ['p256', 'p384', 'p521', 'rsa', 'rsa-pss', 'ed25519', 'ed448'] as const) {
      it(`of type ${kind} authorize`, async () => {
        const { key, cert } = identity(kind);
        await using server = await echo({ requestCert: true, ca });
        const accepted = server.nextSocket();
        assert.equal(await talk(server.port, { key, cert, maxVersion: version }), 'hello');
        const socket = await accepted;
        assert.equal(socket.authorized, true);
        assert.equal(socket.authorizationError, null);
        assert.ok(schemesOf12(keyTypes[kind]).includes(socket.handshakeReport.clientSignatureScheme!));
      });
    }

    it('are told as Node tells them', async () => {
      const { key, cert } = identity('p256');
      await using server = await echo({ requestCert: true, ca });
      const accepted = server.nextSocket();
      const connected = client(server.port, { key, cert, maxVersion: version });
      const socket = await accepted;
      const { raw, fingerprint256 } = new X509Certificate(cert);
      const peer = socket.getPeerCertificate();
      assert.deepEqual(peer?.raw, raw);
      assert.equal(peer?.fingerprint256, fingerprint256);
      assert.equal(peer?.issuerCertificate, undefined);
      const detailed = socket.getPeerCertificate(true);
      assert.deepEqual(detailed?.issuerCertificate?.raw, new X509Certificate(ca).raw);
      assert.equal(detailed?.issuerCertificate?.issuerCertificate, detailed?.issuerCertificate);
      assert.deepEqual(socket.getPeerX509Certificate()?.raw, raw);
      connected.destroy();
      socket.destroy();
      assert.equal(socket.getPeerCertificate(), null);
    });

    it('are an empty object where there are none', async () => {
      await using server = await echo({});
      const accepted = server.nextSocket();
      const connected = client(server.port, { maxVersion: version });
      const socket = await accepted;
      assert.deepEqual(socket.getPeerCertificate(), {});
      assert.deepEqual(socket.getPeerCertificate(true), {});
      assert.equal(socket.getPeerX509Certificate(), undefined);
      await assert.rejects(socket.requestCertificate(), { code: 'ERR_TLS_CERTIFICATE_REQUEST_REFUSED' });
      connected.destroy();
    });

    it('are not asked for unless the server wants them', async () => {
      const { key, cert } = identity('p256');
      await using server = await echo({ ca });
      const accepted = server.nextSocket();
      assert.equal(await talk(server.port, { key, cert, maxVersion: version }), 'hello');
      assert.equal((await accepted).authorized, false);
      assert.equal((await accepted).authorizationError, null);
    });

    it('are required: a client without is refused with an alert that says so', async () => {
      await using server = await echo({ requestCert: true, ca });
      const failed = server.nextError();
      assert.match(await talk(server.port, { maxVersion: version }), requiredAlert);
      assert.equal((await failed).code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
    });

    it('of an authority that is not trusted are refused with unknown_ca', async () => {
      const { key, cert } = identity('p256');
      const other = makeIdentity('p256');
      await using server = await echo({ requestCert: true, ca: other.cert });
      const failed = server.nextError();
      assert.match(await talk(server.port, { key, cert, maxVersion: version }), /alert unknown ca/);
      const error = await failed;
      assert.equal(error.code, 'SELF_SIGNED_CERT_IN_CHAIN');
      assert.equal(error.alert, 'unknown_ca');
    });

    it('whose key is not for signatures are refused', async () => {
      const key = testKey('p256');
      const clientPem = key.export({ type: 'pkcs8', format: 'pem' });
      for (const use of ['keyAgreement', 'keyEncipherment'] as const) {
        const subject = testName({ O: 'tsls', CN: 'no signer' });
        const { der } = makeCertificate({ key, subject, extensions: [extension('keyUsage', values.keyUsage(use))] });
        const cert = encodePem('CERTIFICATE', der);
        await using server = await echo({ requestCert: true, ca: cert });
        const failed = server.nextError();
        const heard = await talk(server.port, { key: clientPem, cert, maxVersion: version });
        assert.match(heard, /alert unsupported certificate/);
        const error = await failed;
        assert.equal(error.code, 'INVALID_PURPOSE');
        assert.match(error.message, /CN=no signer,O=tsls/);
      }
    });

    it('are asked for and not required with rejectUnauthorized: false', async () => {
      await using server = await echo({ requestCert: true, rejectUnauthorized: false, ca: stranger.cert });
      let accepted = server.nextSocket();
      assert.equal(await talk(server.port, { maxVersion: version }), 'hello');
      assert.equal((await accepted).authorized, false);
      assert.equal((await accepted).authorizationError, 'UNABLE_TO_GET_ISSUER_CERT');
      accepted = server.nextSocket();
      const { key, cert } = identity('p256');
      assert.equal(await talk(server.port, { key, cert, maxVersion: version }), 'hello');
      assert.equal((await accepted).authorized, false);
      assert.equal((await accepted).authorizationError, 'SELF_SIGNED_CERT_IN_CHAIN');
      assert.match((await accepted).authorizationReason ?? '', /self-signed/);
    });

    it('are judged by the application too, now or later', async () => {
      const { key, cert } = identity('p256');
      const verdicts: (boolean | undefined)[] = [true, false, undefined];
      for (const verdict of verdicts) {
        for (const wrap of [(v: typeof verdict) => v, async (v: typeof verdict) => v]) {
          await using server = await echo({ requestCert: true, ca, verifyClient: () => wrap(verdict) });
          const code = await talk(server.port, { key, cert, maxVersion: version });
          if (verdict === false) assert.match(code, /alert bad certificate/);
          else assert.equal(code, 'hello');
        }
      }
    });

    it('can be authorized by the application alone', async () => {
      const { key, cert } = identity('p256');
      await using server = await echo({
        requestCert: true,
        ca: stranger.cert,
        verifyClient: ({ authorized, authorizationError, chain }) => {
          assert.equal(authorized, false);
          assert.equal(authorizationError, 'SELF_SIGNED_CERT_IN_CHAIN');
          return chain.length === 2;
        },
      });
      const accepted = server.nextSocket();
      assert.equal(await talk(server.port, { key, cert, maxVersion: version }), 'hello');
      assert.equal((await accepted).authorized, true);
    });

    it('are not authorized by anything but true', async () => {
      const { key, cert } = identity('p256');
      for (const answer of [{ user: 'somebody' }, 'no', 1, 0, '', []]) {
        for (const verifyClient of [() => answer as never, async () => answer as never]) {
          for (const rejectUnauthorized of [true, false]) {
            await using server = await echo({ requestCert: true, rejectUnauthorized, ca: stranger.cert, verifyClient });
            const failed = server.nextError();
            assert.match(await talk(server.port, { key, cert, maxVersion: version }), /alert internal error/);
            assert.equal((await failed).code, 'ERR_INVALID_ARG_TYPE');
          }
        }
      }
    });

    it('survive a verifier that throws or rejects', async () => {
      const { key, cert } = identity('p256');
      for (const verifyClient of [
        () => {
          throw new Error('thrown');
        },
        async () => {
          throw new Error('thrown');
        },
      ]) {
        await using server = await echo({ requestCert: true, ca, verifyClient });
        const failed = server.nextError();
        assert.match(await talk(server.port, { key, cert, maxVersion: version }), /alert internal error/);
        assert.match((await failed).message, /thrown/);
      }
    });
  });

  describe(`client certificates and resumption, ${version}`, () => {
    /** Connects with a certificate, and comes back with the session. */
    async function comeBack(server: Listening, change: () => void) {
      const { key, cert } = identity('p256');
      const connect = async (session?: Buffer) => {
        const socket = client(server.port, { key, cert, maxVersion: version, ...(session && { session }) });
        let latest: Buffer | undefined;
        socket.on('session', (data: Buffer) => {
          latest = data;
        });
        socket.on('error', () => {});
        const accepted = server.nextSocket().catch(() => undefined);
        await once(socket, 'secureConnect');
        socket.write('x');
        await Promise.race([once(socket, 'data'), once(socket, 'close')]);
        const reused = socket.isSessionReused();
        latest ??= socket.getSession();
        socket.destroy();
        return { reused, session: latest, server: await accepted };
      };
      const first = await connect();
      change();
      return await connect(first.session);
    }

    it('keeps the client authorized', async () => {
      await using server = await echo({ requestCert: true, ca });
      const back = await comeBack(server, () => {});
      assert.equal(back.reused, true);
      assert.equal(back.server?.authorized, true);
    });

    it('is refused when the verdict of today is another', async () => {
      let isWelcome = true;
      await using server = await echo({
        requestCert: true,
        rejectUnauthorized: true,
        ca,
        verifyClient: () => (isWelcome ? undefined : false),
      });
      const failed = once(server.server, 'tlsClientError');
      const { key, cert } = identity('p256');
      const socket = client(server.port, { key, cert, maxVersion: version });
      const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
      socket.write('x');
      await once(socket, 'data');
      const ticket = await session;
      socket.destroy();
      isWelcome = false;
      assert.match(
        await talk(server.port, { key, cert, maxVersion: version, session: ticket }),
        /alert bad certificate/,
      );
      const [error] = await failed;
      assert.equal((error as { code: string }).code, 'CERT_REJECTED');
    });

    it('does not cross modes of client authentication', async () => {
      const choice = { requestCert: false };
      await using server = await echo({ ca, onClientHello: () => choice });
      const back = await comeBack(server, () => {
        choice.requestCert = true;
      });
      assert.equal(back.reused, false);
      assert.equal(back.server?.authorized, true);
    });
  });
}
