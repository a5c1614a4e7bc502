import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentType } from '../../src/wire/code-points.ts';
import { ext, withExtension } from '../support/client-hello.ts';
import { connect12, connect13, type RawClient } from '../support/raw-client.ts';

const [kibibyte, mebibyte] = [1024, 1024 * 1024];
/** What fits into one TCP segment wherever TCP is not squeezed through several tunnels. */
const segment = 1400;

/** Lengths of the records of a write as they are on the wire, headers included; the client reads them all. */
function lengthsOf(client: RawClient, length: number): number[] {
  const plain = Buffer.alloc(length, 'data');
  const bytes = client.server.connection.protect(plain)!;
  const before = client.contents.length;
  client.readOutput(bytes);
  assert.ok(Buffer.concat(client.contents.slice(before).map(({ content }) => content)).equals(plain));
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length; at += lengths.at(-1)!) {
    assert.equal(bytes[at], ContentType.applicationData);
    lengths.push(5 + Buffer.from(bytes).readUInt16BE(at + 3));
  }
  return lengths;
}

const versions = [
  { version: '1.3', connect: connect13, overhead: 5 + 1 + 16 },
  { version: '1.2', connect: connect12, overhead: 5 + 8 + 16 },
] as const;
const fullLength = (overhead: number): number => 2 ** 14 + overhead;

for (const { version, connect, overhead } of versions) {
  describe(`lengths of records, TLS ${version}`, () => {
    const full = fullLength(overhead);

    it('the first fills a segment, each one a segment more, until they are full', () => {
      const lengths = lengthsOf(connect(), mebibyte);
      assert.deepEqual(
        lengths.slice(0, 11),
        Array.from({ length: 11 }, (_, i) => (i + 1) * segment),
      );
      assert.deepEqual(new Set(lengths.slice(11, -1)), new Set([full]));
      assert.ok(lengths.length <= mebibyte / 2 ** 14 + 7, `${lengths.length} records`);
    });

    it('they go on growing with the next write, and stay full', () => {
      const client = connect();
      assert.deepEqual(
        lengthsOf(client, 2 * kibibyte).map((length) => length >= segment),
        [true, false],
      );
      assert.equal(lengthsOf(client, 64 * kibibyte)[0], 2 * segment);
      lengthsOf(client, 256 * kibibyte);
      assert.deepEqual(lengthsOf(client, 32 * kibibyte), [full, full]);
    });

    it('small writes are one record each, and let nothing grow', () => {
      const client = connect();
      for (let i = 0; i < 50; i++) assert.deepEqual(lengthsOf(client, 100), [100 + overhead]);
      assert.deepEqual(lengthsOf(client, segment - overhead), [segment]);
      assert.equal(lengthsOf(client, 16 * kibibyte)[0], segment);
    });

    it('after a second without a write they begin anew', () => {
      const client = connect();
      lengthsOf(client, mebibyte);
      client.server.wait(900);
      assert.deepEqual(lengthsOf(client, 16 * kibibyte), [full]);
      client.server.wait(1100);
      assert.equal(lengthsOf(client, mebibyte)[0], segment);
    });

    it('an option turns it off', () => {
      const client = connect({ context: { dynamicRecordSizing: false } });
      assert.deepEqual(lengthsOf(client, 64 * kibibyte), [full, full, full, full]);
    });

    it('the bounds of the client and of the application win', () => {
      const limited = connect({}, (hello) => withExtension(hello, ext.recordSizeLimit(2048)));
      const own = connect();
      own.server.connection.capFragments(512);
      for (const [client, limit] of [
        [limited, version === '1.3' ? 2047 : 2048],
        [own, 512],
      ] as const) {
        const lengths = lengthsOf(client, mebibyte);
        assert.deepEqual(lengths[0], Math.min(segment, limit + overhead));
        assert.deepEqual(new Set(lengths.slice(2, -1)), new Set([limit + overhead]));
      }
    });
  });
}

describe('lengths of padded records', () => {
  it('are the padding’s alone', () => {
    const client = connect13({ context: { recordPadding: 4096 } });
    assert.deepEqual(lengthsOf(client, 5000), [8192 + 5 + 1 + 16]);
  });
  it('in TLS 1.2, which has no padding, they grow', () => {
    assert.equal(lengthsOf(connect12({ context: { recordPadding: 4096 } }), 5000)[0], segment);
  });
});

describe('dynamicRecordSizing', () => {
  it('is a boolean', () => {
    assert.throws(() => connect13({ context: { dynamicRecordSizing: 'yes' as unknown as boolean } }), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
