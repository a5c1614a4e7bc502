import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ClientHello, readClientHello } from '../messages/client-hello.ts';
import { HandshakeType } from '../wire/code-points.ts';
import { describeConnection, type ReportedHandshake } from './describe.ts';
import { extensionContents } from './extension-contents.ts';

// What Chromium 156 sent to https://localhost.
const raw = new Uint8Array(readFileSync(new URL('../../../test/fixtures/hellos/chromium.bin', import.meta.url)));
const hello: ClientHello = readClientHello({ type: HandshakeType.clientHello, raw, body: raw.subarray(4) });

const report: ReportedHandshake = {
  version: 'TLSv1.3',
  cipherSuite: undefined,
  group: 0x11ec,
  signatureScheme: 0x0403,
  serverName: 'localhost',
  alpnProtocol: 'h2',
  resumed: false,
  helloRetryRequest: false,
  clientHello: hello,
  timeline: [{ name: 'clientHello', at: 1.23456 }],
};

test("a browser's hello by names, in its order, with GREASE marked", () => {
  const { clientHello, ...rest } = describeConnection(report);
  assert.deepEqual(
    [rest.version, rest.group, rest.signatureScheme, rest.alpnProtocol, rest.cipherSuite],
    ['TLSv1.3', 'X25519MLKEM768', 'ecdsa_secp256r1_sha256', 'h2', null],
  );
  assert.match(rest.ja4!, /^t13d1517h2_8daaf6152771_[0-9a-f]{12}$/);
  assert.deepEqual(rest.timeline, [{ name: 'clientHello', at: 1.235 }]);
  const { cipherSuites, keyShares, supportedVersions, extensions } = clientHello!;
  assert.equal(cipherSuites[0]?.grease, true);
  assert.deepEqual(cipherSuites[1], { id: '0x1301', name: 'TLS_AES_128_GCM_SHA256' });
  assert.deepEqual(
    keyShares.map(({ name, length }) => [name, length]),
    [
      ['GREASE', 1],
      ['X25519MLKEM768', 1216],
      ['X25519', 32],
    ],
  );
  assert.deepEqual(
    supportedVersions.map(({ name }) => name),
    ['GREASE', 'TLSv1.3', 'TLSv1.2'],
  );
  const contents = (name: string): readonly string[] | undefined =>
    extensions.find((extension) => extension.name === name)?.contents.map(({ text }) => text);
  assert.deepEqual(contents('server_name'), ['localhost']);
  assert.deepEqual(contents('application_layer_protocol_negotiation'), ['h2', 'http/1.1']);
  assert.deepEqual(contents('compress_certificate'), ['brotli']);
  assert.deepEqual(contents('psk_key_exchange_modes'), ['psk_dhe_ke']);
  assert.deepEqual(contents('renegotiation_info'), ['empty']);
  assert.deepEqual(contents('extended_master_secret'), []);
});

test('the description survives JSON', () => {
  const description = describeConnection(report);
  assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
});

test('a connection without a hello, such as one that failed at once, is described too', () => {
  const description = describeConnection({ ...report, clientHello: undefined, version: undefined, timeline: [] });
  assert.deepEqual(
    [description.version, description.ja3, description.ja4, description.clientHello],
    [null, null, null, null],
  );
});

test('an extension cut off anywhere is shown and never throws', () => {
  for (const { type, data } of hello.extensions) {
    for (let length = 0; length < data.length; length++) {
      const offers = {};
      const items = extensionContents({ type, data: data.subarray(0, length) }, { ...hello, offers });
      assert.ok(items.every(({ text }) => typeof text === 'string'));
    }
  }
});
