import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DerError, DerReader } from './der.ts';
import { der, derInteger, derOid, derSequence } from './der-writer.ts';
import { RevocationEntries, readEntry } from './revocation-entries.ts';

const time = (text: string): Uint8Array => der(text.length === 13 ? 0x17 : 0x18, Buffer.from(text));
const yesterday = time('261122120000Z');
const serialOf = (i: number): Uint8Array => Uint8Array.of(0x40, i >>> 16, (i >>> 8) & 0xff, i & 0xff);
const entry = (serial: Uint8Array, ...extensions: Uint8Array[]): Uint8Array =>
  derSequence(der(0x02, serial), yesterday, ...(extensions.length === 0 ? [] : [derSequence(...extensions)]));
const extensionOf = (oid: string, value: Uint8Array, ...critical: Uint8Array[]): Uint8Array =>
  derSequence(derOid(oid), ...critical, der(0x04, value));
const reason = (value: number): Uint8Array => extensionOf('2.5.29.21', der(0x0a, Uint8Array.of(value)));
const isCritical = der(0x01, Uint8Array.of(0xff));

/** What entries say when each is read by itself: the rule that the table has to keep. */
function readPlainly(
  bytes: Uint8Array,
  version: number,
): { size: number; unknownCritical: string | undefined; told: string } {
  const reader = new DerReader(bytes);
  const entries = reader.list((list) => readEntry(new DerReader(list.element().whole, 'CRL entries'), version));
  const last = new Map(entries.map((one) => [Buffer.from(one.serial).toString('hex'), one]));
  const unknownCritical = entries.find((one) => one.unknownCritical !== undefined)?.unknownCritical;
  const told = [...last].map(([serial, one]) => `${serial} ${one.date.getTime()} ${one.reason}`).join('\n');
  return { size: last.size, unknownCritical, told };
}

function readByTable(bytes: Uint8Array, version: number, serials: readonly string[]): ReturnType<typeof readPlainly> {
  const table = new RevocationEntries(bytes, version);
  const told = serials.map((serial) => {
    const found = table.find(Buffer.from(serial, 'hex'));
    return `${serial} ${found?.date.getTime()} ${found?.reason}`;
  });
  return { size: table.size, unknownCritical: table.unknownCritical, told: told.join('\n') };
}

const outcome = (run: () => object): object => {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { refused: true };
  }
};

/** Both readings, which must be one. */
function assertAlike(bytes: Uint8Array, version = 2): object {
  const plain = outcome(() => readPlainly(bytes, version)) as ReturnType<typeof readPlainly>;
  const serials = plain.told === undefined ? [] : plain.told.split('\n').filter(Boolean);
  const table = outcome(() =>
    readByTable(
      bytes,
      version,
      serials.map((line) => line.split(' ')[0]!),
    ),
  );
  assert.deepEqual(table, plain, Buffer.from(bytes).toString('hex'));
  return plain;
}

const one = Uint8Array.of(1);
const kinds: Readonly<Record<string, Uint8Array>> = {
  'no extension': entry(one),
  'a reason': entry(one, reason(6)),
  'a reason and a date': entry(one, reason(1), extensionOf('2.5.29.24', time('20261122120000Z'))),
  'an unknown extension': entry(one, extensionOf('1.2.3.4', Uint8Array.of())),
  'an unknown critical extension': entry(one, extensionOf('1.2.3.4', Uint8Array.of(), isCritical)),
  'a critical reason': entry(one, extensionOf('2.5.29.21', der(0x0a, one), isCritical)),
  'critical, FALSE written out': entry(one, extensionOf('1.2.3', one, der(0x01, Uint8Array.of(0)))),
  'critical, a BOOLEAN that is no DER': entry(one, extensionOf('1.2.3', one, der(0x01, one))),
  certificateIssuer: entry(one, extensionOf('2.5.29.29', derSequence())),
  'an extension twice': entry(one, reason(1), reason(1)),
  'nine extensions': entry(one, ...Array.from({ length: 9 }, (_, i) => extensionOf(`1.2.${i}`, one))),
  'nine extensions, the last as the first': entry(
    one,
    ...Array.from({ length: 9 }, (_, i) => extensionOf(`1.2.${i % 8}`, one)),
  ),
  'a reason of two bytes': entry(one, extensionOf('2.5.29.21', der(0x0a, Uint8Array.of(0, 1)))),
  'a reason that is an INTEGER': entry(one, extensionOf('2.5.29.21', derInteger(1))),
  'a reason with bytes behind it': entry(one, extensionOf('2.5.29.21', Uint8Array.of(0x0a, 1, 1, 0))),
  'an OID that is not minimal': entry(one, derSequence(der(0x06, Uint8Array.of(0x80, 1)), der(0x04, one))),
  'an OID that ends in the middle': entry(one, derSequence(der(0x06, Uint8Array.of(0x81)), der(0x04, one))),
  'an OID of no bytes': entry(one, derSequence(der(0x06, Uint8Array.of()), der(0x04, one))),
  'an OID of 64 bytes': entry(one, derSequence(der(0x06, new Uint8Array(64).fill(1)), der(0x04, one))),
  'an OID of 65 bytes': entry(one, derSequence(der(0x06, new Uint8Array(65).fill(1)), der(0x04, one))),
  'an empty list of extensions': derSequence(der(0x02, one), yesterday, derSequence()),
  'bytes behind the extensions': derSequence(der(0x02, one), yesterday, derSequence(reason(1)), derInteger(1)),
  'an extension of 200 bytes': entry(one, extensionOf('1.2.3', new Uint8Array(200))),
  'an extension of 300 bytes': entry(one, extensionOf('1.2.3', new Uint8Array(300))),
  'an extension of 70,000 bytes': entry(one, extensionOf('1.2.3', new Uint8Array(70_000))),
  'an empty serial number': entry(Uint8Array.of()),
  'a serial number of 20 bytes': entry(new Uint8Array(20).fill(7)),
  'a serial number of 200 bytes': entry(new Uint8Array(200).fill(7)),
  'a negative serial number': entry(Uint8Array.of(0xfe)),
  'a serial number with a zero in front': entry(Uint8Array.of(0, 1)),
  'a serial number with a zero that it needs': entry(Uint8Array.of(0, 0x80)),
  'a serial number with an idle 0xff': entry(Uint8Array.of(0xff, 0x80)),
  'a length in more octets than needed': Uint8Array.of(0x30, 0x81, 0x12, ...entry(one).subarray(2)),
  'an indefinite length': Uint8Array.of(0x30, 0x80, ...entry(one).subarray(2), 0, 0),
  'an element that is no entry': derInteger(1),
  'an entry without time': derSequence(der(0x02, one)),
};

const dates = [
  ...['260228000000Z', '260229000000Z', '240229235959Z', '000229000000Z', '500229000000Z', '490101000000Z'],
  ...['261301000000Z', '260001000000Z', '260100000000Z', '260431000000Z', '260430000000Z', '260132000000Z'],
  ...['260101240000Z', '260101236000Z', '260101235960Z', '2601012359590', '26010123595aZ', '260101235959z'],
  ...['20000229000000Z', '19000229000000Z', '21000229000000Z', '20240229000000Z', '20230229000000Z', '00000229000000Z'],
  ...['20260101000000.5Z', '202601010000Z', '20261122120000Z', '99991231235959Z', '00010101000000Z'],
];

describe('the entries of a CRL', () => {
  for (const [name, bytes] of Object.entries(kinds)) {
    it(`are read as one by one: ${name}`, () => {
      const others = [entry(serialOf(1)), entry(serialOf(2), reason(4))];
      for (const version of [1, 2]) {
        assertAlike(bytes, version);
        assertAlike(Buffer.concat([others[0]!, bytes, others[1]!]), version);
      }
    });
  }

  it('have times that are read as one by one', () => {
    const accepted = dates.filter((text) => {
      const bytes = derSequence(der(0x02, one), der(text.length >= 15 ? 0x18 : 0x17, Buffer.from(text)));
      return !('refused' in assertAlike(bytes));
    });
    assert.equal(accepted.length, 11, accepted.join());
  });

  it('are read as one by one, whatever byte is changed', () => {
    const plain = Buffer.concat([
      kinds['a reason and a date']!,
      entry(serialOf(7), extensionOf('2.5.29.23', one)),
      entry(Uint8Array.of(0, 0xff)),
    ]);
    let read = 0;
    for (let at = 0; at < plain.length; at++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const changed = Uint8Array.from(plain);
        changed[at]! ^= flip;
        if (!('refused' in assertAlike(changed))) read++;
      }
      assertAlike(plain.subarray(0, at));
    }
    assert.ok(read > 100, `${read}`);
  });

  it('tell of a serial number what its last entry says', () => {
    const table = new RevocationEntries(Buffer.concat([entry(one, reason(6)), entry(one, reason(8))]), 2);
    assert.equal(table.size, 1);
    assert.equal(table.find(one)?.reason, 8);
    assert.equal(table.find(Uint8Array.of(0, 1)), undefined);
    assert.equal(table.find(Uint8Array.of()), undefined);
  });

  it('are all found among very many, and nothing else is', () => {
    const bytes = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => entry(serialOf(3 * i), reason(i % 7))));
    const table = new RevocationEntries(bytes, 2);
    assert.equal(table.size, 20_000);
    for (let i = 0; i < 60_000; i++)
      assert.equal(table.find(serialOf(i))?.reason, i % 3 === 0 ? (i / 3) % 7 : undefined);
  });

  it('the first unknown critical extension is told, and a malformed entry after it still refused', () => {
    const critical = (oid: string): Uint8Array => entry(one, extensionOf(oid, one, isCritical));
    const table = new RevocationEntries(Buffer.concat([entry(one), critical('1.2.3'), critical('1.2.4')]), 2);
    assert.equal(table.unknownCritical, '1.2.3');
    const bad = Buffer.concat([critical('1.2.3'), kinds['an extension twice']!]);
    assert.throws(() => new RevocationEntries(bad, 2), { message: 'certificate extension: 2.5.29.21 comes twice' });
  });
});
