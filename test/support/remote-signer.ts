import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { RemoteKey } from '../../src/index.ts';

// A key in a process of its own, by the programs of docs/REMOTE_KEYS.md.

const document = new URL('../../../docs/REMOTE_KEYS.md', import.meta.url);

/** The program of the document that begins with its name. */
function program(name: string): string {
  const blocks = readFileSync(document, 'utf8').matchAll(/```js\n([\s\S]*?)```/g);
  const found = [...blocks].find(([, code]) => code!.startsWith(`// ${name}`));
  if (!found) throw new Error(`docs/REMOTE_KEYS.md has no ${name}`);
  return found[1]!;
}

type MakeRemoteKey = (path: string, publicKey: string, options?: { readonly timeout?: number }) => RemoteKey;

/** The processes that hold keys, and the keys that servers are given instead. */
export class RemoteSigners {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tsls-signer-'));
  readonly #children = new Set<ChildProcess>();
  #count = 0;

  constructor() {
    for (const name of ['signer.mjs', 'remote-key.mjs']) writeFileSync(join(this.#folder, name), program(name));
  }

  /** A path for the socket of a signer. */
  path(): string {
    return join(this.#folder, `${this.#count++}`);
  }

  /** Starts a process that signs with a key; resolves when it listens. */
  async start(path: string, privateKey: string): Promise<ChildProcess> {
    rmSync(path, { force: true });
    const file = `${path}.pem`;
    writeFileSync(file, privateKey, { mode: 0o600 });
    const child = spawn(process.execPath, [join(this.#folder, 'signer.mjs'), path, file], { stdio: 'inherit' });
    this.#children.add(child);
    while (!(await accepts(path))) {
      if (child.exitCode !== null) throw new Error('the signer does not start');
      await sleep(10);
    }
    return child;
  }

  /** What a server is given: the public half of `privateKey`, and who signs. */
  async key(path: string, privateKey: string, timeout?: number): Promise<RemoteKey> {
    const { remoteKey } = (await import(pathToFileURL(join(this.#folder, 'remote-key.mjs')).href)) as {
      remoteKey: MakeRemoteKey;
    };
    const publicKey = publicHalf(privateKey);
    return remoteKey(path, publicKey, timeout === undefined ? {} : { timeout });
  }

  /** Ends all processes; resolves when they are gone. */
  async stop(): Promise<void> {
    const gone = [...this.#children].filter(isAlive).map((child) => once(child, 'exit'));
    this.kill();
    await Promise.all(gone);
  }

  /** The same at once, for a process that is about to end itself. */
  kill(): void {
    for (const child of this.#children) if (isAlive(child)) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The public half in PEM. A client of node:tls that fails leaves an error behind, which Node takes for one of the key. */
function publicHalf(privateKey: string): string {
  const read = (): string => createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string;
  try {
    return read();
  } catch {
    return read();
  }
}

/** Whether somebody listens on a Unix socket. */
async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.on('error', () => {}).destroy();
  }
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;
