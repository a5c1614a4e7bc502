import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limits } from '../src/engine/limits.ts';
import { maxHelloLength, maxMessageLength } from '../src/messages/handshake-reader.ts';
import { defaultMaxPending, defaultMessageTimeout, silenceBeforeEviction } from '../src/node/pending-handshakes.ts';
import { maxPlaintextLength } from '../src/record/record-reader.ts';

// Compiled, this file is in build/test/, two folders below the root.
const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8').replaceAll('\u00a0', ' ');
const document = read('docs/LIMITS.md');

/** The rows of the document's tables that speak of something. */
const rows = (about: string): string[] =>
  document.split('\n').filter((line) => line.startsWith('|') && line.includes(about));
const grouped = (value: number): string => value.toLocaleString('en-US');

describe('docs/LIMITS.md', () => {
  for (const [about, value] of [
    ['Empty records of application data', limits.emptyRecords],
    ['ChangeCipherSpec records passed over', limits.changeCipherSpecs],
    ['Warning alerts', limits.warningAlerts],
    ['KeyUpdates without application data', limits.keyUpdates],
    ['Attempts to renegotiate', limits.renegotiations],
    ['Bytes of early data passed over', limits.skippedEarlyData],
    ['Body of a handshake message of another kind', maxMessageLength],
    ['Body of a ClientHello', maxHelloLength],
    ['`maxPendingHandshakes`', defaultMaxPending],
    ['`handshakeMessageTimeout`', defaultMessageTimeout],
  ] as const) {
    it(`has the value of: ${about}`, () => {
      const [row, ...others] = rows(about);
      assert.ok(row, about);
      assert.deepEqual(others, []);
      assert.ok(row.split('|')[2]?.includes(grouped(value)), `${row} has not ${grouped(value)}`);
    });
  }

  it('has every bound of the engine, and its constants by their names and values', () => {
    for (const name of Object.keys(limits)) {
      assert.match(read('src/engine/limits.ts'), new RegExp(`${name}: `));
    }
    assert.equal(maxPlaintextLength, 2 ** 14);
    assert.equal(silenceBeforeEviction, 1000);
  });

  it('has the values of the constants that it names, as their files have them', () => {
    const named = rows('`src/').flatMap((row) => {
      const [, bound = '', value = ''] = row.split('|');
      const [, name] = /\(`([a-z]+[A-Z]\w+)`\)/.exec(bound) ?? [];
      const [, file] = /`(src\/[^`]+)`/.exec(row) ?? [];
      const [, constant] = name && file ? (new RegExp(`const ${name} = ([\\d_]+);`).exec(read(file)) ?? []) : [];
      return constant === undefined ? [] : [{ name, value, constant: Number(constant.replaceAll('_', '')) }];
    });
    assert.ok(named.length >= 4, `${named.map(({ name }) => name)}`);
    for (const { name, value, constant } of named) {
      assert.ok(value.includes(grouped(constant)), `${name}: ${value} is not ${constant}`);
    }
  });
});
