import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hello12, hello13, writeHello } from '../support/client-hello.ts';
import { connect12, connect13, RawClient } from '../support/raw-client.ts';
import { ServerEnd } from '../support/server-end.ts';

/** Changes to bytes: overwrite, insert, delete, repeat. */
const edits = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('set', 'insert', 'delete', 'repeat'),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
  { minLength: 1, maxLength: 6 },
);
type Edit = { at: number; kind: string; byte: number };

function edit(bytes: Uint8Array, changes: readonly Edit[]): Uint8Array {
  const result = [...bytes];
  for (const { at, kind, byte } of changes) {
    const index = at % (result.length + 1);
    if (kind === 'set' && index < result.length) result[index] = byte;
    else if (kind === 'insert') result.splice(index, 0, byte);
    else if (kind === 'delete') result.splice(index, 1 + (byte % 8));
    else result.splice(index, 0, ...result.slice(index, index + byte));
  }
  return Uint8Array.from(result);
}

/** Whatever comes in: nothing is thrown, at most one failure is told, and what is held stays bounded. */
function assertSane(end: ServerEnd): void {
  const { failure } = end; // throws when there are two
  if (failure !== undefined) {
    assert.equal(end.connection.expecting, 'nothing');
    assert.notEqual(failure.code, 'CALLBACK_FAILED', `an unforeseen exception: ${failure.message}`);
  }
  assert.ok(end.connection.buffered <= 65_536 + 2 * 16_384 + 2048);
}

describe('any bytes at all', () => {
  it('from the first byte on', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        const end = new ServerEnd();
        for (const chunk of chunks) end.receive(chunk);
        assertSane(end);
      }),
      { numRuns: 500 },
    );
  });

  for (const [version, make] of [
    ['TLS 1.3', hello13],
    ['TLS 1.2', hello12],
  ] as const) {
    it(`a ClientHello of ${version} with changed bytes`, () => {
      fc.assert(
        fc.property(edits, fc.boolean(), (changes, fixLength) => {
          const message = Buffer.from(edit(writeHello(make()), changes));
          if (fixLength && message.length >= 4) message.writeUIntBE(message.length - 4, 1, 3);
          const client = new RawClient();
          for (let at = 0; at < message.length; at += 16_384) client.sendMessage(message.subarray(at, at + 16_384));
          assertSane(client.server);
        }),
        { numRuns: 500 },
      );
    });
  }

  for (const [version, connect] of [
    ['TLS 1.3', connect13],
    ['TLS 1.2', connect12],
  ] as const) {
    it(`under the keys of a connection, ${version}`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.record({ type: fc.integer({ min: 20, max: 24 }), content: fc.uint8Array({ maxLength: 40 }) }), {
            maxLength: 6,
          }),
          (records) => {
            const client = connect();
            for (const { type, content } of records) client.send(type, content);
            assertSane(client.server);
          },
        ),
        { numRuns: 150 },
      );
    });
  }
});
