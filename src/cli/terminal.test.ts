import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandshakeReport } from '../handshake/report.ts';
import type { TlsClientError } from '../node/errors.ts';
import { connectionLine, failureLine, terminalStyle } from './terminal.ts';
import { trustAdvice } from './trust.ts';

const plain = terminalStyle(false);
const now = new Date(2030, 0, 2, 3, 4, 5);

const failure = (facts: Partial<TlsClientError>): string =>
  failureLine(
    Object.assign(new Error(facts.message ?? 'it failed'), {
      code: 'ERR_SSL_X',
      stage: 'clientHello',
      remoteAddress: '::ffff:192.0.2.1',
      remotePort: 5,
      handshakeReport: new HandshakeReport(() => 0),
      ...facts,
    }),
    now,
    plain,
  );

test('a connection is one line of facts', () => {
  let time = 0;
  const report = new HandshakeReport(() => time);
  report.versionNumber = 0x0304;
  report.group = 0x1d;
  report.signatureScheme = 0x0807;
  report.alpnProtocol = 'h\u001b[2J2\n';
  time = 12.34;
  report.reach('secure');
  assert.equal(
    connectionLine(report, { remoteAddress: '::1', remotePort: 4 }, now, plain),
    '03:04:05  [::1]:4  TLSv1.3  X25519  ed25519  h\ufffd[2J2\ufffd  12.3 ms',
  );
});

test('a failure is one line with its reason, its alert, and what to do', () => {
  assert.equal(
    failure({ message: 'no common version', alert: 'protocol_version', alertDirection: 'sent' }),
    '03:04:05  192.0.2.1:5  failed  no common version; alert protocol_version sent; after clientHello (TLS 1.3 and TLS 1.2 are spoken here)',
  );
  assert.match(failure({ alert: 'unknown_ca', alertDirection: 'received' }), /does not trust the certificate/);
  assert.match(failure({ code: 'ECONNRESET' }), /hung up/);
  assert.match(failure({ code: 'ERR_SSL_HTTP_REQUEST' }), /https:/);
  assert.match(failure({ message: 'a\nb\u001b' }), /a\ufffdb\ufffd/);
});

test('colours are escape sequences, or nothing', () => {
  assert.equal(terminalStyle(true).bad('x'), '\u001b[31mx\u001b[39m');
  assert.equal(plain.bad('x'), 'x');
});

test('every platform is told how to trust the authority, with its path quoted', () => {
  for (const platform of ['linux', 'darwin', 'win32', 'freebsd']) {
    const advice = trustAdvice(platform, 'a b/ca.pem');
    assert.ok(advice.length > 0 && advice.every(({ command }) => /["']a b\/ca\.pem["']/.test(command)), platform);
  }
});
