import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { readCertificate } from '../x509/certificate.ts';
import { matchesHost } from '../x509/host-name.ts';
import { certificatesOfPem } from '../x509/pem.ts';
import { type DevelopmentStore, openDevelopmentStore } from './development-store.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'tsls-')), 'store');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);
const open = (names: readonly string[] = ['localhost'], more: object = {}): DevelopmentStore =>
  openDevelopmentStore({ folder, names, ...more });
const authority = (): string => readFileSync(join(folder, 'ca.pem'), 'utf8');

test('what is made at the first start is kept for the next one', () => {
  const first = open();
  assert.equal(first.made, 'authority');
  assert.deepEqual(readdirSync(folder).sort(), ['.gitignore', 'ca-key.pem', 'ca.pem', 'cert.pem', 'key.pem']);
  assert.deepEqual(open(), { ...first, made: undefined });
});

test('keys are for their owner only', { skip: process.platform === 'win32' && 'Windows has no file modes' }, () => {
  open();
  for (const file of ['ca-key.pem', 'key.pem']) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('another name or type of key makes another certificate of the same authority', () => {
  open();
  const before = authority();
  const { made, cert } = open(['localhost', '*.test.example', '192.0.2.1']);
  assert.equal(made, 'certificate');
  const certificate = readCertificate(certificatesOfPem(cert)[0]!);
  assert.ok(matchesHost(certificate, 'a.test.example') && matchesHost(certificate, '192.0.2.1'));
  assert.equal(open(['192.0.2.1', '*.test.example']).made, undefined);
  assert.equal(open(['localhost'], { type: 'rsa' }).made, 'certificate');
  assert.equal(authority(), before);
});

test('certificates about to expire are made anew', () => {
  open();
  assert.equal(open(['localhost'], { now: days(300) }).made, undefined);
  assert.equal(open(['localhost'], { now: days(370) }).made, 'authority');
});

test('broken, missing and foreign files are made anew', () => {
  open();
  const keep = readFileSync(join(folder, 'ca-key.pem'));
  writeFileSync(join(folder, 'key.pem'), keep);
  assert.equal(open().made, 'certificate');
  writeFileSync(join(folder, 'cert.pem'), 'nonsense');
  assert.equal(open().made, 'certificate');
  rmSync(join(folder, 'ca-key.pem'));
  assert.equal(open().made, 'authority');
});

test('a store that is whole is not written to', () => {
  const { cert } = open();
  writeFileSync(join(folder, 'lock'), '');
  assert.equal(open().cert, cert);
  assert.ok(readdirSync(folder).includes('lock'));
});

test('a lock whose holder died holds nobody up for ever', () => {
  mkdirSync(folder);
  writeFileSync(join(folder, 'lock'), '');
  assert.equal(open().made, 'authority');
  assert.ok(!readdirSync(folder).includes('lock'));
});

test('processes that begin at once have one authority', async () => {
  const url = new URL('development-store.js', import.meta.url).href;
  // All are loaded before any begins.
  const program = `const { openDevelopmentStore } = await import(${JSON.stringify(url)});
    process.stdout.write('ready');
    process.stdin.once('data', () => {
      process.stdout.write(openDevelopmentStore({ folder: ${JSON.stringify(folder)}, names: ['localhost'] }).cert);
      process.exit();
    });`;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
  const certificates = children.map(({ stdout }) => text(stdout));
  for (const { stdin } of children) stdin.write('go');
  const [first, ...others] = await Promise.all(certificates);
  for (const other of others) assert.equal(other, first);
  assert.equal(open().cert, first);
});
