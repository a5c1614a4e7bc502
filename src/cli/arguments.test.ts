import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { readArguments, UsageError, usage } from './arguments.ts';

test('arguments and their defaults', () => {
  assert.deepEqual(readArguments([]), {
    kind: 'serve',
    port: 8443,
    host: undefined,
    files: undefined,
    names: [],
    workers: 1,
  });
  assert.deepEqual(
    readArguments(['-p', '0', '--host=::1', '--cert', 'c', '--key', 'k', '--name', 'a.test', '--name', '*.b.test']),
    { kind: 'serve', port: 0, host: '::1', files: { cert: 'c', key: 'k' }, names: ['a.test', '*.b.test'], workers: 1 },
  );
  const bracketed = readArguments(['--host', '[::1]']);
  assert.equal(bracketed.kind === 'serve' && bracketed.host, '::1');
  assert.equal(readArguments(['--help', '--port', 'x']).kind, 'help');
  assert.equal(readArguments(['-v']).kind, 'version');
});

test('workers', () => {
  const workers = (value: string): unknown => {
    const command = readArguments(['--workers', value]);
    return command.kind === 'serve' && command.workers;
  };
  assert.equal(workers('3'), 3);
  assert.equal(workers('0'), availableParallelism());
  assert.equal(workers('auto'), availableParallelism());
});

test('mistakes are told apart from failures', () => {
  for (const [args, message] of [
    [['--port', '65536'], /no port/],
    [['--port', '-1'], /port/],
    [['--port', '1e3'], /no port/],
    [['--cert', 'c'], /--key is missing/],
    [['--key', 'k'], /--cert is missing/],
    [['--frob'], /--frob/],
    [['file'], /file/],
    [['--name', 'a b'], /neither a host name/],
    [['--name', `${'a'.repeat(64)}.test`], /neither a host name/],
    [['--workers', '-1'], /workers/],
    [['--workers', 'many'], /neither auto nor a number/],
    [['--workers', '1025'], /neither auto nor a number/],
  ] as const) {
    assert.throws(
      () => readArguments(args),
      (error) => error instanceof UsageError && message.test(error.message),
      args.join(' '),
    );
  }
});

test('the help tells of every option and fits a terminal', () => {
  for (const option of ['--port', '--host', '--cert', '--key', '--name', '--workers', '--help', '--version']) {
    assert.ok(usage.includes(option));
  }
  assert.ok(usage.split('\n').every((line) => line.length <= 88));
});
