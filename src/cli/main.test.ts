import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { developmentCrypto } from '../crypto/node/development-keys.ts';
import { createDevelopmentAuthority } from '../x509/development.ts';
import { encodePem } from '../x509/pem.ts';

const main = fileURLToPath(new URL('main.js', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'tsls-'));
after(() => rmSync(cwd, { recursive: true }));

interface Started {
  readonly process: ChildProcess;
  readonly url: string;
  /** Everything printed so far. */
  output(): string;
}

async function start(...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [main, '--port', '0', '--host', '127.0.0.1', ...args], { cwd });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  while (!output.includes('Connections:')) await once(child.stdout, 'data');
  return { process: child, url: /https:\S+/.exec(output)![0], output: () => output };
}

async function stop({ process: child }: Started): Promise<void> {
  child.kill('SIGTERM');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  // Windows ends a process at once and has no signal to handle.
  assert.deepEqual([code, signal], process.platform === 'win32' ? [null, 'SIGTERM'] : [0, null]);
}

const authority = (): string => readFileSync(join(cwd, '.tsls', 'ca.pem'), 'utf8');

async function ask(url: string): Promise<{ version: string }> {
  const [response] = (await once(https.get(`${url}json`, { ca: authority() }), 'response')) as [
    import('node:http').IncomingMessage,
  ];
  return (await json(response)) as { version: string };
}

const runOnce = (...args: readonly string[]) => spawnSync(process.execPath, [main, ...args], { cwd, encoding: 'utf8' });

test('a first start makes certificates, serves, prints a line per connection, and ends at a signal', async () => {
  const started = await start();
  assert.match(started.output(), /Made a development authority/);
  assert.ok(started.output().includes(`curl --cacert ${join('.tsls', 'ca.pem')} ${started.url}`));
  assert.equal((await ask(started.url)).version, 'TLSv1.3');
  assert.match(started.output(), /127\.0\.0\.1:\d+ {2}TLSv1\.3 {2}TLS_AES_\w+ {2}/);
  await stop(started);
});

test('the second start trusts the same authority', async () => {
  const before = authority();
  const started = await start();
  assert.doesNotMatch(started.output(), /Made/);
  assert.equal(authority(), before);
  const { status, stderr } = runOnce('--host', '127.0.0.1', '--port', new URL(started.url).port);
  assert.equal(status, 1);
  assert.match(stderr, /^tsls: port \d+ is in use; choose another with --port\n$/);
  await stop(started);
});

test('a certificate and key of one’s own', async () => {
  const cert = join('.tsls', 'cert.pem');
  const started = await start('--cert', cert, '--key', join('.tsls', 'key.pem'));
  assert.doesNotMatch(started.output(), /curl/);
  assert.equal((await ask(started.url)).version, 'TLSv1.3');
  await stop(started);
  const own = join('.tsls', 'cert.pem');
  writeFileSync(join(cwd, 'empty.pem'), '');
  for (const [args, message] of [
    [['--cert', 'nowhere.pem', '--key', 'k'], /--cert nowhere\.pem: there is no such file/],
    [['--cert', own, '--key', join('.tsls', 'ca-key.pem')], /does not belong to the certificate/],
    [['--cert', own, '--key', 'empty.pem'], /--key empty\.pem holds no private key in PEM/],
    [['--cert', 'empty.pem', '--key', 'empty.pem'], /--cert empty\.pem holds no certificate in PEM/],
  ] as const) {
    const { status, stderr } = runOnce('--port', '0', ...args);
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
});

/** A connection that is resumed if it can be; what became of it, and the session to come back with. */
async function visit(url: string, session?: Buffer): Promise<{ reused: boolean; session: Buffer }> {
  const { port, hostname: host } = new URL(url);
  const socket = tls.connect({ port: Number(port), host, ca: authority(), ...(session && { session }) });
  let given: Buffer | undefined;
  socket.on('session', (data: Buffer) => {
    given = data;
  });
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.end('GET /json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await once(socket.resume(), 'close');
  assert.ok(given);
  return { reused, session: given };
}

/** The processes that one has started; on Linux. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);

const lines = (started: Started, text: string): number => started.output().split(text).length - 1;

test('workers listen at one port, resume each other’s sessions, are replaced, and end together', async () => {
  const started = await start('--workers', '2');
  assert.match(started.output(), /listens on https:\S+, by 2 workers\n/);
  const { session } = await visit(started.url);
  const visits = await Promise.all(Array.from({ length: 12 }, () => visit(started.url, session)));
  assert.deepEqual(new Set(visits.map(({ reused }) => reused)), new Set([true]));
  while (lines(started, '  TLSv1.3  ') < 13) await once(started.process.stdout!, 'data');
  if (process.platform === 'linux') {
    // Elsewhere nothing tells without further tools which processes are its workers.
    process.kill(childrenOf(started.process.pid!)[0]!, 'SIGKILL');
    while (!started.output().includes('another takes its place')) await once(started.process.stdout!, 'data');
    assert.match(started.output(), /A worker ended \(SIGKILL\); another takes its place in 100 ms/);
    assert.equal((await visit(started.url, session)).reused, true);
  }
  await stop(started);
});

const linuxOnly = { skip: process.platform !== 'linux', timeout: 60_000 };

test('who is asked to end while a worker starts ends', linuxOnly, async () => {
  const started = await start('--workers', '2');
  const { pid } = started.process;
  const before = childrenOf(pid!);
  process.kill(before[0]!, 'SIGKILL');
  while (childrenOf(pid!).every((child) => before.includes(child))) await sleep(5);
  await stop(started);
});

test('a worker that stands still is killed when all are to end', linuxOnly, async () => {
  const started = await start('--workers', '2');
  const [worker] = childrenOf(started.process.pid!);
  process.kill(worker!, 'SIGSTOP');
  await stop(started);
  assert.throws(() => process.kill(worker!, 0), { code: 'ESRCH' });
});

test('an output that takes nothing ends it with an error', linuxOnly, () => {
  const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$@" > /dev/full', process.execPath, main, '--port', '0'], {
    cwd,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /^tsls: cannot write to the standard output: ENOSPC/);
});

test('an expired certificate is warned of', async () => {
  const { certificate, key } = createDevelopmentAuthority(developmentCrypto, new Date('2020-01-01T00:00:00Z'));
  writeFileSync(join(cwd, 'old.pem'), encodePem('CERTIFICATE', certificate));
  writeFileSync(join(cwd, 'old-key.pem'), encodePem('PRIVATE KEY', key.pkcs8));
  const old = await start('--cert', 'old.pem', '--key', 'old-key.pem');
  assert.match(old.output(), /The certificate in old\.pem expired on 2021-/);
  await stop(old);
});

test('workers that cannot start say why, once', () => {
  const { status, stderr } = runOnce('--workers', '2', '--host', '203.0.113.1', '--port', '0');
  assert.equal(status, 1);
  assert.equal(stderr, 'tsls: --host 203.0.113.1 is no address of this machine\n');
});

test('help, version and mistakes', () => {
  assert.match(runOnce('--help').stdout, /^Usage: tsls/);
  assert.match(runOnce('--version').stdout, /^\d+\.\d+\.\d+/);
  const { status, stderr } = runOnce('--frob');
  assert.equal(status, 2);
  assert.match(stderr, /--frob.*\nTry --help\.\n/);
});
