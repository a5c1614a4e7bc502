import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { TLSSocket } from '../../src/index.ts';
import { duplexPair } from '../support/duplex-pair.ts';
import { identity } from '../support/identities.ts';
import { client, connect, listen } from '../support/tls-pair.ts';

/** A record header of a handshake that is to be 512 bytes long, and a few of these. */
const torso = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

describe('the report of a handshake', () => {
  it('that failed by our alert: stage, alert, peer, hello, timeline', async () => {
    await using at = await listen({ minVersion: 'TLSv1.3' });
    const failed = at.nextError();
    const peer = client(at.port, { maxVersion: 'TLSv1.2' }).on('error', () => {});
    await once(peer, 'connect');
    const address = { address: '127.0.0.1', port: peer.localPort, family: 'IPv4' };
    const error = await failed;
    const report = error.handshakeReport;
    assert.equal(report.stage, 'clientHello');
    assert.deepEqual(report.alert, { name: 'protocol_version', direction: 'sent' });
    assert.deepEqual(report.peer, address);
    assert.equal(report.clientHello?.offers.serverName, 'localhost');
    assert.deepEqual(
      report.timeline.map(({ name, at }) => [name, at >= 0]),
      [['clientHello', true]],
    );
    assert.deepEqual([error.remoteAddress, error.remotePort], [address.address, address.port]);
    assert.deepEqual([error.alert, error.alertDirection], ['protocol_version', 'sent']);
  });

  it("that failed by the client's alert", async () => {
    await using at = await listen();
    const failed = at.nextError();
    net.connect(at.port, '127.0.0.1').write(Buffer.from([21, 3, 3, 0, 2, 2, 40]));
    const { code, handshakeReport } = await failed;
    assert.equal(code, 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
    assert.deepEqual(handshakeReport.alert, { name: 'handshake_failure', direction: 'received' });
    assert.equal(handshakeReport.peer?.address, '127.0.0.1');
  });

  it('of a client that resets the connection, whose address the kernel has forgotten by then', async () => {
    await using at = await listen();
    const failed = at.nextError();
    const accepted = once(at.server, 'connection');
    const peer = net.connect(at.port, '127.0.0.1');
    await Promise.all([once(peer, 'connect'), accepted]);
    const { localPort: port } = peer;
    peer.write(torso, () => peer.resetAndDestroy());
    const { code, handshakeReport } = await failed;
    assert.equal(code, 'ECONNRESET');
    assert.deepEqual(handshakeReport.peer, { address: '127.0.0.1', port, family: 'IPv4' });
    assert.equal(handshakeReport.alert, undefined);
    assert.equal(handshakeReport.stage, 'start');
  });

  it('that went well, and of a stream that is no socket', async () => {
    await using at = await listen();
    const accepted = at.nextSocket();
    const peer = await connect(at.port);
    const { handshakeReport } = await accepted;
    assert.deepEqual(handshakeReport.peer, { address: '127.0.0.1', port: peer.localPort, family: 'IPv4' });
    assert.equal(handshakeReport.alert, undefined);
    assert.equal(handshakeReport.timeline.at(-1)?.name, 'secure');
    peer.destroy();
    const [near, far] = duplexPair();
    const socket = new TLSSocket(near, { isServer: true, ...identity('p256') });
    const inner = tls.connect({ socket: far, rejectUnauthorized: false });
    await once(socket, 'secure');
    assert.equal(socket.handshakeReport.peer, undefined);
    inner.destroy();
    socket.destroy();
  });
});
