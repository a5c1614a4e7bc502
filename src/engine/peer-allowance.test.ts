import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from './limits.ts';
import { PeerAllowance } from './peer-allowance.ts';

type Countable = Exclude<keyof PeerAllowance, 'noteData'>;

/** Each thing that is counted, with its bound, its alert, and whether application data makes the count begin anew. */
const counted: readonly (readonly [Countable, bound: number, alert: string, code: string, beginsAnew: boolean])[] = [
  ['countEmptyRecord', limits.emptyRecords, 'unexpectedMessage', 'TOO_MANY_EMPTY_FRAGMENTS', true],
  ['countWarning', limits.warningAlerts, 'decodeError', 'TOO_MANY_WARNING_ALERTS', true],
  ['countKeyUpdate', limits.keyUpdates, 'unexpectedMessage', 'TOO_MANY_KEY_UPDATES', true],
  ['countChangeCipherSpec', limits.changeCipherSpecs, 'unexpectedMessage', 'UNEXPECTED_CCS', false],
  ['countRenegotiation', limits.renegotiations, 'unexpectedMessage', 'TOO_MANY_RENEGOTIATIONS', false],
];

/** Counts so many times. */
function count(allowance: PeerAllowance, what: Countable, times: number): void {
  for (let i = 0; i < times; i++) allowance[what]();
}

describe('PeerAllowance', () => {
  for (const [what, bound, alert, code, beginsAnew] of counted) {
    it(`${what}: ${bound} times, and not once more`, () => {
      const allowance = new PeerAllowance();
      count(allowance, what, bound);
      assert.throws(() => allowance[what](), { name: 'TlsAlert', alert, code });
    });
    it(`${what}: application data ${beginsAnew ? 'makes the count begin anew' : 'changes nothing'}`, () => {
      const allowance = new PeerAllowance();
      count(allowance, what, bound);
      allowance.noteData();
      if (!beginsAnew) return assert.throws(() => allowance[what](), { alert, code });
      count(allowance, what, bound);
      assert.throws(() => allowance[what](), { alert, code });
    });
  }
  it('counts each thing by itself', () => {
    const allowance = new PeerAllowance();
    for (const [what, bound] of counted) count(allowance, what, bound);
    for (const [what, , alert, code] of counted) assert.throws(() => allowance[what](), { alert, code });
  });
});
