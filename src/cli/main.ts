#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chooseCrypto } from '../node/crypto-provider.ts';
import { type Command, readArguments, UsageError, usage } from './arguments.ts';
import { openDevelopmentStore } from './development-store.ts';
import { developmentNames, type Identity, isEveryAddress, readIdentity, shortPath } from './identity.ts';
import { printConnections } from './print-connections.ts';
import { type ListenOptions, type Serving, serve } from './serve.ts';
import { type Style, terminalStyle } from './terminal.ts';
import { trustAdvice } from './trust.ts';
import { startWorkers } from './workers.ts';

type ServeCommand = Extract<Command, { kind: 'serve' }>;

/** Milliseconds that requests get to end when the server is asked to stop. */
const grace = 3000;

const { env, stdout } = process;
const isStyled = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
const style: Style = terminalStyle(isStyled);
const say = (line: string): void => void stdout.write(`${line}\n`);

stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Nobody reads on, as in `tsls | head`.
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`tsls: cannot write to the standard output: ${error.message}\n`);
  process.exit(1);
});

async function run(command: ServeCommand): Promise<void> {
  const identity = command.files === undefined ? developmentIdentity(command) : readIdentity(command.files);
  const { port, host, workers } = command;
  const setup = { cert: identity.cert, key: identity.key, port, host };
  const started = workers > 1 ? serveByWorkers(setup, workers) : serve({ ...setup, ...printConnections(style) });
  const serving = await started.catch((error: NodeJS.ErrnoException) => {
    throw startError(error, command);
  });
  // Before anybody can read that it serves.
  endOnSignals(serving);
  if (identity.warning !== undefined) say(style.bad(identity.warning));
  announce(serving, command, identity.authorityPath);
}

function serveByWorkers({ cert, key, ...place }: Identity & ListenOptions, count: number): Promise<Serving> {
  const text = (pem: Uint8Array | string): string => Buffer.from(pem).toString();
  return startWorkers({
    setup: { ...place, cert: text(cert), key: text(key), isStyled },
    count,
    onDeath: (how, delay) => say(style.bad(`A worker ended (${how}); another takes its place in ${delay} ms`)),
    onUnheard: () => process.exit(0),
  });
}

function developmentIdentity({ names, host }: ServeCommand): Identity {
  const folder = resolve('.tsls');
  try {
    const { made, cert, key, authorityPath } = openDevelopmentStore({ folder, names: developmentNames(host, names) });
    if (made === 'authority') say(`Made a development authority and a certificate in ${shortPath(folder)}.`);
    if (made === 'certificate') say(`Made a new certificate in ${shortPath(folder)}.`);
    return { cert, key, authorityPath: shortPath(authorityPath) };
  } catch (error) {
    throw new Error(`cannot keep development certificates in ${shortPath(folder)}: ${(error as Error).message}`);
  }
}

/** Why it did not start, in words that say what to do. */
function startError(error: NodeJS.ErrnoException, { port, host, files }: ServeCommand): Error {
  const { code = '' } = error;
  if (code === 'EADDRINUSE') return new Error(`port ${port} is in use; choose another with --port`);
  if (code === 'EACCES') return new Error(`port ${port} may not be listened on; choose one above 1023 with --port`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new Error(`--host ${host} is no address of this machine`);
  }
  if (files === undefined) return error;
  if (code.endsWith('KEY_VALUES_MISMATCH')) {
    return new Error(`the key in ${files.key} does not belong to the certificate in ${files.cert}`);
  }
  return new Error(`the certificate in ${files.cert} and the key in ${files.key} cannot be used: ${error.message}`);
}

function announce(serving: Serving, { host, workers }: ServeCommand, authorityPath: string | undefined): void {
  const { port } = serving.address;
  const name = host === undefined || isEveryAddress(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const url = `https://${name}:${port}/`;
  const by = workers > 1 ? `, by ${workers} workers` : '';
  say(`tsls ${version()} listens on ${style.bold(url)}${by}`);
  if (authorityPath !== undefined) {
    say(`\nTry it:\n  curl --cacert ${authorityPath} ${url}`);
    say(`\nTo trust its certificates (${authorityPath}) in`);
    for (const { who, command } of trustAdvice(process.platform, authorityPath))
      say(`  ${who}:\n    ${style.dim(command)}`);
  }
  say('\nEnd with Ctrl-C. Connections:');
}

function endOnSignals(serving: Serving): void {
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(signal === 'SIGINT' ? 130 : 143);
    isEnding = true;
    void serving.close(grace).then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

/** The version of the package that this file belongs to. */
function version(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return String((JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }).version);
  }
  return 'of unknown version';
}

try {
  const command = readArguments(process.argv.slice(2));
  if (command.kind === 'help') stdout.write(usage);
  else if (command.kind === 'version') say(`${version()} (cryptography by ${chooseCrypto().name})`);
  else await run(command);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`tsls: ${error.message}\n`);
  if (error instanceof UsageError) process.stderr.write('Try --help.\n');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
