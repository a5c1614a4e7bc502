import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FingerprintedHello, fingerprint } from './fingerprint.ts';

const codes = (list: string): number[] =>
  list === '' ? [] : list.split(/[,-]/).map((code) => Number.parseInt(code, 16));
const decimals = (list: string): number[] => (list === '' ? [] : list.split('-').map(Number));

const hello = (
  suites: readonly number[],
  extensions: readonly number[],
  offers: FingerprintedHello['offers'] = {},
  legacyVersion = 0x0303,
): FingerprintedHello => ({
  legacyVersion,
  cipherSuites: suites,
  extensions: extensions.map((type) => ({ type, data: new Uint8Array() })),
  offers,
});

// The example of JA4.md, in the order of its "original" output, with GREASE as Chrome has it.
const suites = codes('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035');
const extensions = codes('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015');
const signatureAlgorithms = codes('0403,0804,0401,0503,0805,0501,0806,0601');
const chrome = { alpn: ['h2', 'http/1.1'], supportedVersions: [0x0304, 0x0303], signatureAlgorithms };

test("JA4: the example of FoxIO's specification, with and without GREASE", () => {
  const expected = {
    ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    ja4Raw:
      't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601',
  };
  for (const { ja4, ja4Raw } of [
    fingerprint(hello(suites, extensions, chrome)),
    fingerprint(
      hello([0x8a8a, ...suites], [0x1a1a, ...extensions, 0xfafa], {
        ...chrome,
        supportedVersions: [0xdada, 0x0304, 0x0303],
      }),
    ),
  ]) {
    assert.deepEqual({ ja4, ja4Raw }, expected);
  }
});

test('JA4: no signature algorithms, no suites, no extensions', () => {
  const { signatureAlgorithms: _, ...offers } = chrome;
  assert.equal(fingerprint(hello(suites, extensions, offers)).ja4, 't13d1516h2_8daaf6152771_6d807ffa2a79');
  assert.equal(fingerprint(hello([], [])).ja4, 't12i000000_000000000000_000000000000');
  assert.equal(fingerprint(hello([], [0x0000, 0x0010])).ja4, 't12d000200_000000000000_000000000000');
});

test('JA4: first and last character of the first protocol, of its hexadecimal where one is not alphanumeric', () => {
  for (const [protocol, expected] of [
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['h', 'hh'],
    ['\xab', 'ab'],
    ['\xab\xcd', 'ad'],
    ['0\xab', '3b'],
    ['01\xab\xcd', '3d'],
    ['0\xab\xcd1', '01'],
    ['a\n1', 'a1'],
  ] as const) {
    assert.equal(fingerprint(hello([], [], { alpn: [protocol] })).ja4.slice(8, 10), expected);
  }
  assert.equal(fingerprint(hello([], [], { alpn: [] })).ja4.slice(8, 10), '00');
});

test('JA4: versions and counts', () => {
  for (const [version, expected] of [
    [0x0303, 't12'],
    [0x0302, 't11'],
    [0x0301, 't10'],
    [0x0300, 'ts3'],
    [0x0999, 't00'],
  ] as const) {
    assert.equal(fingerprint(hello([], [], {}, version)).ja4.slice(0, 3), expected);
  }
  // The highest of the extension counts, not the first.
  assert.equal(fingerprint(hello([], [], { supportedVersions: [0x0303, 0x0304] })).ja4.slice(0, 3), 't13');
  const many = Array.from({ length: 120 }, (_, i) => i + 100);
  assert.equal(fingerprint(hello(many, many)).ja4.slice(4, 8), '9999');
});

test("JA3: the examples of Salesforce's description", () => {
  const first = fingerprint(
    hello(
      decimals('47-53-5-10-49161-49162-49171-49172-50-56-19-4'),
      decimals('0-10-11'),
      { supportedGroups: decimals('23-24-25'), ecPointFormats: [0] },
      769,
    ),
  );
  assert.equal(first.ja3, '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0');
  assert.equal(first.ja3Hash, 'ada70206e40642a3e4461f35503241d5');
  const second = fingerprint(hello(decimals('4-5-10-9-100-98-3-6-19-18-99'), [], {}, 769));
  assert.equal(second.ja3, '769,4-5-10-9-100-98-3-6-19-18-99,,,');
  assert.equal(second.ja3Hash, 'de350869b8c85de67a350c8d186f11e6');
});

test('JA3 leaves GREASE out', () => {
  const { ja3 } = fingerprint(hello([0x0a0a, 0x1301], [0xfafa, 10], { supportedGroups: [0x2a2a, 29] }));
  assert.equal(ja3, '771,4865,10,29,');
});
