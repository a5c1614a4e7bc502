import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError, DerReader, DerTag } from './der.ts';
import {
  der,
  derBitString,
  derBoolean,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derString,
  derTime,
} from './der-writer.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const reader = (bytes: string): DerReader => new DerReader(hex(bytes));

test('lengths at the borders of their forms are written in the fewest bytes and read back', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const bytes = derOctetString(new Uint8Array(length));
    const header = length < 128 ? 2 : length < 256 ? 3 : length < 65_536 ? 4 : 5;
    assert.equal(bytes.length, header + length);
    const r = new DerReader(bytes);
    assert.equal(r.end(r.octetString()).length, length);
  }
});

test('what is no DER is a DerError', () => {
  const bad: Record<string, string> = {
    'nothing at all': '',
    'a tag alone': '04',
    'content that is missing': '04 02 00',
    'a length that is missing': '04 82 01',
    'an indefinite length': '30 80 00 00',
    'a long form where the short one would do': '04 81 01 00',
    'a leading zero in the length': '04 82 00 80',
    'a length of five bytes': '04 85 01 00 00 00 00',
    'four gigabytes': '04 84 ff ff ff ff',
    'a tag number in further bytes': '1f 81 00 00',
  };
  for (const [what, bytes] of Object.entries(bad)) assert.throws(() => reader(bytes).element(), DerError, what);
  assert.throws(() => reader('05 00').expect(DerTag.integer), /tag 0x2 was expected, not tag 0x5/);
  assert.throws(() => reader('').expect(DerTag.integer), /not the end/);
  assert.throws(() => reader('0500').end(0), /trailing/);
});

test('integers', () => {
  for (const [value, encoding] of [
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [256, '02020100'],
    [2 ** 31 - 1, '02047fffffff'],
  ] as const) {
    assert.equal(text(derInteger(value)), encoding);
    assert.equal(reader(encoding).smallInteger(), value);
  }
  assert.equal(text(derInteger(2 ** 40)), '0206010000000000');
  assert.equal(text(derInteger(hex('0000 80'))), '02020080');
  assert.equal(text(derInteger(hex('0000'))), '020100');
  for (const value of [-1, 0.5, 2 ** 60]) assert.throws(() => derInteger(value), RangeError);
  for (const bad of ['0200', '02020001', '0202ff80', '020500ffffffff'.replace('05', '05')]) {
    assert.throws(() => reader(bad).smallInteger(), DerError, bad);
  }
  assert.throws(() => reader('0201ff').smallInteger(), /negative/);
  assert.equal(text(reader('0202ff7f').integer()), 'ff7f');
});

test('object identifiers', () => {
  for (const [dotted, encoding] of [
    ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
    ['2.5.29.17', '0603551d11'],
    ['0.9.2342.19200300.100.1.25', '060a0992268993f22c640119'],
    ['2.999.3', '0603883703'],
    ['2.47', '06017f'],
    ['2.48', '06028100'],
    ['1.2.18446744073709551616', '060b2a82808080808080808000'],
  ] as const) {
    assert.equal(text(derOid(dotted)), encoding);
    assert.equal(reader(encoding).oid(), dotted);
  }
  for (const bad of ['0600', '06022a80', '06032a8001', `0641${'2a'.repeat(65)}`]) {
    assert.throws(() => reader(bad).oid(), DerError, bad);
  }
  for (const bad of ['1', '3.1', '1.40', '1.02', '', '1..2']) assert.throws(() => derOid(bad), RangeError, bad);
});

test('booleans and bit strings have one encoding', () => {
  assert.equal(reader(text(derBoolean(true))).boolean(), true);
  assert.equal(reader(text(derBoolean(false))).boolean(), false);
  for (const bad of ['010101', '0100', '0102ffff']) assert.throws(() => reader(bad).boolean(), DerError);
  assert.deepEqual(reader(text(derBitString(hex('a0'), 5))).bitString(), { bytes: hex('a0'), unused: 5 });
  for (const bad of ['0300', '030101', '030208ff', '030201ff']) assert.throws(() => reader(bad).bitString(), DerError);
});

test('sets are sorted, times change their form in 2050, strings are UTF-8', () => {
  assert.equal(text(derSet(derInteger(2), derNull(), derInteger(1))), '3108' + '020101' + '020102' + '0500');
  assert.equal(text(derSequence(derNull())), '30020500');
  assert.equal(Buffer.from(derTime(new Date('2049-12-31T23:59:59.999Z'))).toString('latin1'), '\x17\x0d491231235959Z');
  assert.equal(Buffer.from(derTime(new Date('2050-01-01T00:00:00Z'))).toString('latin1'), '\x18\x0f20500101000000Z');
  assert.equal(text(derString('ü')), '0c02c3bc');
});

test('a hostile depth costs the reader nothing', () => {
  let bytes = derNull();
  for (let i = 0; i < 2000; i++) bytes = derSequence(bytes);
  let r = new DerReader(bytes);
  let depth = 0;
  while (r.tag === DerTag.sequence) {
    r = r.sequence();
    depth++;
  }
  assert.equal(depth, 2000);
  assert.equal(r.tag, DerTag.null);
  assert.deepEqual(der(DerTag.null), r.element().whole);
});
