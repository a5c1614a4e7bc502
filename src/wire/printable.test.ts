import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('what a peer wrote is shown as it is, without control characters, and not at any length', () => {
  assert.equal(printable('h2, http/1.1 "ä"'), 'h2, http/1.1 "ä"');
  assert.equal(printable('\r\n\x1b[31m\x7f\x9b2J'), '\\x0d\\x0a\\x1b[31m\\x7f\\x9b2J');
  assert.equal(printable('a'.repeat(60_000)), `${'a'.repeat(400)}…`);
});
