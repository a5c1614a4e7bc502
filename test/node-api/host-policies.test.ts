import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type * as tls from 'node:tls';
import { createSecureContext, createServer, TLSSocket, type TlsClientError } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { ca, identity, makeIdentity } from '../support/identities.ts';
import { client, connect, type Listening, listen } from '../support/tls-pair.ts';

const versions = ['TLSv1.3', 'TLSv1.2'] as const;
const only = (version: tls.SecureVersion) => ({ minVersion: version, maxVersion: version });
const own = makeIdentity('p256', ['own.example', '*.wild.example']);
const named = makeIdentity('p256', ['named.example']);
const visitor = identity('p256');

/** The alert that a client got, as the code of its error. */
async function refusal(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = client(port, { rejectUnauthorized: false, ...options });
  const [error] = (await once(socket, 'error')) as [Error & { code: string }];
  return error.code;
}

/** The next failure that is the handshake's: clients that have seen enough may be gone before theirs is done. */
async function failure(at: Listening): Promise<TlsClientError> {
  for (;;) {
    const error = await at.nextError();
    if (error.code !== 'ECONNRESET') return error;
  }
}

/** The names in the certificate that a client got. */
async function names(port: number, options: tls.ConnectionOptions): Promise<string | undefined> {
  const socket = await connect(port, { rejectUnauthorized: false, ...options });
  const { subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

for (const version of versions) {
  describe(`strictSNI, ${version}`, () => {
    it('hosts with a context or in the certificate are served, others refused with unrecognized_name', async () => {
      await using at = await listen({ ...own, strictSNI: true });
      at.server.addContext('named.example', named);
      at.server.addContext('*.named.example', named);
      for (const servername of ['named.example', 'NAMED.example', 'x.named.example']) {
        assert.match((await names(at.port, { servername, ...only(version) }))!, /named\.example/, servername);
      }
      for (const servername of ['own.example', 'localhost', 'x.wild.example']) {
        assert.match((await names(at.port, { servername, ...only(version) }))!, /own\.example/, servername);
      }
      for (const servername of ['other.example', 'wild.example', 'a.b.wild.example', 'x.own.example']) {
        const failed = failure(at);
        const code = await refusal(at.port, { servername, ...only(version) });
        assert.equal(code, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', servername);
        const { alert, alertDirection, message } = await failed;
        assert.deepEqual([alert, alertDirection], ['unrecognized_name', 'sent']);
        assert.match(message, new RegExp(`"${servername}"`));
      }
    });

    it('clients that name no host are refused', async () => {
      await using at = await listen({ ...own, strictSNI: true });
      const code = await refusal(at.port, { servername: '', ...only(version) });
      const alert = version === 'TLSv1.3' ? 'ERR_SSL_TLSV13_ALERT_MISSING_EXTENSION' : /HANDSHAKE_FAILURE$/;
      assert.match(code, typeof alert === 'string' ? new RegExp(`^${alert}$`) : alert);
    });

    it('with an SNICallback, and with onClientHello, who answers is enough', async () => {
      const context = createSecureContext(named);
      await using byCallback = await listen({
        ...own,
        strictSNI: true,
        SNICallback: (name, done) => done(null, name === 'named.example' ? context : null),
      });
      await using byHook = await listen({
        ...own,
        strictSNI: true,
        onClientHello: ({ offers }) =>
          offers.serverName === 'named.example' ? { secureContext: context } : { ALPNProtocols: ['x'] },
      });
      for (const { port } of [byCallback, byHook]) {
        assert.match((await names(port, { servername: 'named.example', ...only(version) }))!, /named/);
        assert.match((await names(port, { servername: 'own.example', ...only(version) }))!, /own/);
        const code = await refusal(port, { servername: 'other.example', ...only(version) });
        assert.equal(code, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
      }
    });

    it('is off unless it is asked for', async () => {
      await using at = await listen(own);
      assert.match((await names(at.port, { servername: 'other.example', ...only(version) }))!, /own/);
      assert.match((await names(at.port, { servername: '', ...only(version) }))!, /own/);
    });
  });

  describe(`what a host has of its own, ${version}`, () => {
    it('protocols', async () => {
      await using at = await listen({ ...own, ALPNProtocols: ['http/1.1', 'h2'] });
      at.server.addContext('one.example', named, { ALPNProtocols: ['h2'] });
      at.server.addContext('none.example', named, { ALPNProtocols: [] });
      at.server.addContext('bytes.example', named, { ALPNProtocols: Buffer.from('\x03foo') });
      at.server.addContext('same.example', named);
      const chosen = async (servername: string): Promise<string | false | null> => {
        const ALPNProtocols = ['foo', 'h2', 'http/1.1'];
        const socket = await connect(at.port, {
          servername,
          ALPNProtocols,
          rejectUnauthorized: false,
          ...only(version),
        });
        socket.destroy();
        return socket.alpnProtocol;
      };
      assert.equal(await chosen('one.example'), 'h2');
      assert.equal(await chosen('none.example'), false);
      assert.equal(await chosen('bytes.example'), 'foo');
      assert.equal(await chosen('same.example'), 'http/1.1');
      assert.equal(await chosen('own.example'), 'http/1.1');
    });

    it('whether clients need a certificate', async () => {
      await using at = await listen({ ...own, ca });
      at.server.addContext('closed.example', { ...named, ca }, { requestCert: true });
      at.server.addContext('asking.example', { ...named, ca }, { requestCert: true, rejectUnauthorized: false });
      const visit = async (servername: string, options: tls.ConnectionOptions = {}) => {
        const socket = client(at.port, { servername, rejectUnauthorized: false, ...only(version), ...options });
        socket.on('error', () => {});
        const seen = await Promise.race([at.nextSocket(), failure(at)]);
        socket.destroy();
        return seen instanceof TLSSocket ? seen.authorized : seen.code;
      };
      assert.equal(await visit('closed.example', visitor), true);
      assert.equal(await visit('closed.example'), 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
      assert.equal(await visit('asking.example'), false);
      assert.equal(await visit('asking.example', visitor), true);
      assert.equal(await visit('open.example', visitor), false);
    });

    it('and one that is open where the server is not', async () => {
      await using at = await listen({ ...own, ca, requestCert: true });
      at.server.addContext('open.example', named, { requestCert: false });
      assert.match((await names(at.port, { servername: 'open.example', ...only(version) }))!, /named/);
      const code = failure(at).then((error) => error.code);
      client(at.port, { rejectUnauthorized: false, ...only(version) }).on('error', () => {});
      assert.equal(await code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
    });
  });
}

describe('what a host has of its own', () => {
  it('versions and suites, which are part of its context', async () => {
    await using at = await listen(own);
    at.server.addContext('new.example', { ...named, minVersion: 'TLSv1.3' });
    at.server.addContext('old.example', { ...named, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const protocol = async (servername: string): Promise<string> => {
      const socket = await connect(at.port, { servername, rejectUnauthorized: false });
      const found = `${socket.getProtocol()} ${socket.getCipher().name}`;
      socket.destroy();
      return found;
    };
    assert.match(await protocol('new.example'), /^TLSv1\.3/);
    assert.equal(await protocol('old.example'), 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384');
    const code = await refusal(at.port, { servername: 'new.example', maxVersion: 'TLSv1.2' });
    assert.match(code, /PROTOCOL_VERSION/);
    assert.match((await names(at.port, { maxVersion: 'TLSv1.2' }))!, /own/);
  });

  it('a session of an open host does not open a closed one', async () => {
    for (const version of versions) {
      await using at = await listen({ ...own, ca });
      at.server.addContext('closed.example', { ...named, ca }, { requestCert: true });
      at.server.on('secureConnection', (socket) => socket.end());
      const first = client(at.port, { ...only(version), rejectUnauthorized: false });
      const [session] = (await once(first, 'session')) as [Buffer];
      first.destroy();
      const resumed = await connect(at.port, { ...only(version), session, rejectUnauthorized: false });
      assert.equal(resumed.isSessionReused(), true);
      resumed.destroy();
      const code = failure(at).then((error) => error.code);
      const servername = 'closed.example';
      client(at.port, { ...only(version), servername, session, rejectUnauthorized: false }).on('error', () => {});
      assert.equal(await code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', version);
    }
  });

  it('what the hook answers comes first', async () => {
    await using at = await listen({
      ...own,
      onClientHello: ({ offers }) => (offers.serverName === 'hook.example' ? { ALPNProtocols: ['hook'] } : undefined),
    });
    for (const host of ['hook.example', 'host.example']) at.server.addContext(host, named, { ALPNProtocols: ['host'] });
    for (const name of ['hook', 'host']) {
      const options = { servername: `${name}.example`, ALPNProtocols: ['host', 'hook'], rejectUnauthorized: false };
      const socket = await connect(at.port, options);
      assert.equal(socket.alpnProtocol, name);
      socket.destroy();
    }
  });

  it('protocols that the hook answers are taken as those of a server, and checked as they are', async () => {
    const ALPNProtocols = ['host', 'hóok'];
    for (const protocols of [['hóok'], [Buffer.from('hóok')], Buffer.from('\x05hóok')]) {
      await using at = await listen({ ...own, onClientHello: () => ({ ALPNProtocols: protocols }) });
      const socket = await connect(at.port, { ALPNProtocols, rejectUnauthorized: false });
      assert.equal(socket.alpnProtocol && Buffer.from(socket.alpnProtocol, 'latin1').toString(), 'hóok');
      socket.destroy();
    }
    await using at = await listen({ ...own, onClientHello: () => ({ ALPNProtocols: 'host' as never }) });
    const failed = failure(at);
    assert.equal(await refusal(at.port, { ALPNProtocols }), 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR');
    const { cause } = await failed;
    assert.match((cause as Error).message, /"options\.ALPNProtocols" property must be an instance of Array or Buffer/);
  });

  it('is checked', () => {
    const server = createServer(own);
    assert.throws(() => server.addContext('a', named, 5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => server.addContext('a', named, { ALPNProtocols: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('strictSNI holds for a socket that was made by hand', async () => {
    const [far, near] = duplexPair();
    const socket = new TLSSocket(far, { isServer: true, ...own, strictSNI: true });
    const failed = once(socket, 'error') as Promise<[Error & { code: string }]>;
    client(0, { socket: near, servername: 'other.example' } as tls.ConnectionOptions).on('error', () => {});
    assert.equal((await failed)[0].code, 'ERR_SSL_UNRECOGNIZED_NAME');
  });
});
