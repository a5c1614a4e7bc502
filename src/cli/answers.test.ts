import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readClientHello } from '../messages/client-hello.ts';
import { HandshakeType } from '../wire/code-points.ts';
import { type Asked, answer } from './answers.ts';

const raw = new Uint8Array(readFileSync(new URL('../../../test/fixtures/hellos/chromium.bin', import.meta.url)));
const ask = (method: string, target: string, serverName = 'localhost'): ReturnType<typeof answer> => {
  const asked: Asked = {
    method,
    target,
    httpVersion: 'HTTP/2',
    report: {
      version: 'TLSv1.3',
      cipherSuite: undefined,
      group: 0x11ec,
      signatureScheme: 0x0403,
      serverName,
      alpnProtocol: 'h2',
      resumed: false,
      helloRetryRequest: false,
      clientHello: readClientHello({ type: HandshakeType.clientHello, raw, body: raw.subarray(4) }),
      timeline: [
        { name: 'clientHello', at: 1 },
        { name: 'secure', at: 3 },
      ],
    },
  };
  return answer(asked);
};

test('the page shows what was negotiated and offered', () => {
  const { status, headers, body = '' } = ask('GET', '/?x=1');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
  const text = body.replaceAll('<wbr>', '');
  for (const what of [
    'TLS 1.3',
    'X25519MLKEM768',
    'ecdsa_secp256r1_sha256',
    'TLS_AES_128_GCM_SHA256',
    'key_share',
    'GREASE',
  ]) {
    assert.ok(text.includes(what), what);
  }
});

test('the page fetches nothing, runs nothing, and its policy allows its own style alone', () => {
  const { headers, body = '' } = ask('GET', '/');
  assert.doesNotMatch(body, /<script|\son\w+=|\sstyle=|@import|url\(|(?:src|href)="(?!\/|data:image\/svg)/i);
  const style = /<style>(.*?)<\/style>/s.exec(body)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = headers['content-security-policy']!;
  assert.ok(policy.startsWith("default-src 'none';") && policy.includes(`style-src 'sha256-${hash}'`), policy);
  assert.doesNotMatch(policy, /unsafe/);
});

test('what the client chose to call things is escaped', () => {
  const { body = '' } = ask('GET', '/', '<script>alert("1")</script>\u202e&\u0000');
  assert.doesNotMatch(body, /<script/);
  assert.ok(body.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\\u202e&amp;\\u0000'));
});

test('JSON has the promised fields at its top', () => {
  const { headers, body = '' } = ask('GET', '/json');
  assert.equal(headers['content-type'], 'application/json');
  const fields = Object.keys(JSON.parse(body) as object);
  for (const field of [
    ...['version', 'cipherSuite', 'group', 'signatureScheme', 'serverName', 'alpnProtocol', 'resumed'],
    ...['ja3', 'ja3Hash', 'ja4', 'clientHello', 'timeline'],
  ]) {
    assert.ok(fields.includes(field), field);
  }
});

test('other addresses and methods are refused in words', () => {
  assert.equal(ask('GET', '/nothing').status, 404);
  assert.deepEqual([ask('DELETE', '/').status, ask('DELETE', '/').headers.allow], [405, 'GET, HEAD']);
  assert.deepEqual([ask('GET', '/echo').status, ask('GET', '/echo').headers.allow], [405, 'POST']);
  assert.deepEqual([ask('POST', '/echo').status, ask('POST', '/echo').body], [200, undefined]);
  assert.equal(ask('HEAD', '/').status, 200);
});
