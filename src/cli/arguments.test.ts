import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments, UsageError, usage } from './arguments.ts';

test('arguments and their defaults', () => {
  assert.deepEqual(readArguments([]), { kind: 'serve', port: 8443, host: undefined, files: undefined, names: [] });
  assert.deepEqual(
    readArguments(['-p', '0', '--host=::1', '--cert', 'c', '--key', 'k', '--name', 'a.test', '--name', '*.b.test']),
    { kind: 'serve', port: 0, host: '::1', files: { cert: 'c', key: 'k' }, names: ['a.test', '*.b.test'] },
  );
  assert.equal(readArguments(['--help', '--port', 'x']).kind, 'help');
  assert.equal(readArguments(['-v']).kind, 'version');
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
  ] as const) {
    assert.throws(
      () => readArguments(args),
      (error) => error instanceof UsageError && message.test(error.message),
      args.join(' '),
    );
  }
});

test('the help tells of every option and fits a terminal', () => {
  for (const option of ['--port', '--host', '--cert', '--key', '--name', '--help', '--version']) {
    assert.ok(usage.includes(option));
  }
  assert.ok(usage.split('\n').every((line) => line.length <= 88));
});
