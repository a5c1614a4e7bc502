import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults } from './check.ts';
import { type Cell, payloadBytes, serverName, suites } from './model.ts';
import { peers } from './peers/index.ts';
import { otherColumns, plan, suiteColumns } from './plan.ts';
import { markdown, terminal } from './report.ts';
import type { ConnectionReport } from './server.ts';

const cell: Cell = { column: 'x', suite: suites[0], suiteBy: 'client', credential: 'p256', alpn: 'h2' };
const digests = { bin: 'b', txt: 't' };
const report: ConnectionReport = {
  event: 'connection',
  protocol: 'TLSv1.3',
  cipher: suites[0].openssl,
  alpn: 'h2',
  servername: serverName,
  bytes: payloadBytes,
  sha256: 'b',
};
const exchange = { received: 'b', sent: 'bin', protocol: 'TLSv1.3', suite: suites[0].iana } as const;

test('a connection that is all that was asked for passes', () => {
  assert.deepEqual(faults(cell, exchange, report, digests), []);
});

test('whatever differs from what was asked for is a fault', () => {
  assert.equal(faults(cell, exchange, undefined, digests).length, 1);
  assert.equal(faults(cell, { ...exchange, received: 't' }, report, digests).length, 1);
  assert.equal(faults(cell, { ...exchange, suite: suites[1].iana }, report, digests).length, 1);
  for (const wrong of [
    { protocol: 'TLSv1.2' },
    { cipher: suites[1].openssl },
    { alpn: 'http/1.1' },
    { servername: false },
    { bytes: payloadBytes - 1 },
    { sha256: 't' },
    { error: 'reset' },
  ] as const)
    assert.equal(faults(cell, exchange, { ...report, ...wrong }, digests).length, 1, JSON.stringify(wrong));
});

test('every client is asked for each of its suites, groups and credentials, in a column of its own', () => {
  for (const peer of Object.values(peers)) {
    const columns = plan(peer).map((c) => c.column);
    assert.equal(new Set(columns).size, columns.length, peer.name);
    for (const column of columns) assert.ok([...suiteColumns, ...otherColumns].includes(column), column);
    for (const suite of suites)
      assert.equal(columns.includes(suite.label), peer.suiteBy[suite.version] !== undefined, peer.name);
    for (const group of peer.groups) assert.ok(columns.includes(group), peer.name);
  }
});

test('a missing client and a failed cell look like nothing else', () => {
  const failed = { peer: 'a', column: suiteColumns[0] ?? '', cell, outcome: 'failed', milliseconds: 1 } as const;
  const table = {
    server: 's',
    rows: [
      { name: 'a', version: '1', results: [failed] },
      { name: 'b', version: undefined, results: [] },
    ],
  };
  for (const text of [terminal(table), markdown(table)]) {
    assert.match(text, /a 1.*FAILED/);
    assert.match(text, /missing, not run: b/);
    assert.match(text, /0 passed, 1 failed/);
    assert.doesNotMatch(text, /\bok\b(?!\*?:)/);
  }
});
