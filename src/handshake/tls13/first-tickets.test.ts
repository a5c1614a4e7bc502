import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Handshake13 } from './agreement.ts';
import { canUseTickets, sendTickets } from './first-tickets.ts';
import type { TicketIssuer } from './tickets.ts';

/** A handshake as far as tickets are concerned, and what it sends. */
function handshake(ticketCount: number, resumed: boolean, modes?: readonly number[]) {
  const sent: string[] = [];
  const hs = {
    policy: { sessions: { ticketCount } },
    config: { allowsPskOnly: false },
    report: { resumed },
    hello: { offers: { pskKeyExchangeModes: modes } },
    channel: { sendLater: (ticket: Uint8Array) => void sent.push(Buffer.from(ticket).toString()) },
  } as unknown as Handshake13;
  return { hs, sent };
}

/** What is sent where the issuer makes these, one after the other. */
function sendAll(ticketCount: number, resumed: boolean, made: readonly (Buffer | undefined)[]): readonly string[] {
  const { hs, sent } = handshake(ticketCount, resumed);
  let issued = 0;
  const steps = sendTickets(hs, { issue: () => made[issued++] } as unknown as TicketIssuer);
  assert.equal(steps.next().done, true);
  return sent;
}

describe('the first tickets', () => {
  it('are as many as are wanted, and after a resumption one', () => {
    const tickets = ['a', 'b', 'c'].map((text) => Buffer.from(text));
    assert.deepEqual(sendAll(2, false, tickets), ['a', 'b']);
    assert.deepEqual(sendAll(2, true, tickets), ['a']);
    assert.deepEqual(sendAll(0, false, tickets), []);
    assert.deepEqual(sendAll(0, true, tickets), []);
  });
  it('are fewer where a session cannot be kept', () => {
    assert.deepEqual(sendAll(3, false, [Buffer.from('a'), undefined, Buffer.from('c')]), ['a', 'c']);
  });
  it('wait for a store that takes its time', () => {
    const { hs, sent } = handshake(1, false);
    const saved = Promise.resolve(Buffer.from('a'));
    const steps = sendTickets(hs, { issue: () => saved } as unknown as TicketIssuer);
    assert.deepEqual(steps.next().value, { answer: saved });
    assert.deepEqual(sent, []);
    assert.equal(steps.next(Buffer.from('a')).done, true);
    assert.deepEqual(sent, ['a']);
  });
  it('are for clients that say how they would use them', () => {
    assert.equal(canUseTickets(handshake(2, false, [1]).hs), true);
    assert.equal(canUseTickets(handshake(2, false).hs), false);
    const { hs } = handshake(2, false, [1]);
    assert.equal(
      canUseTickets({ ...hs, policy: { ...hs.policy, sessions: undefined } } as unknown as Handshake13),
      false,
    );
  });
});
