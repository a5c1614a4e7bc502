import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { Connection } from '../../src/engine/connection.ts';
import type { ConnectionFailure } from '../../src/engine/failure.ts';
import type { ConnectionEvent } from '../../src/engine/sink.ts';
import type { Policy, ServerConfig } from '../../src/handshake/config.ts';
import type { SecureContextOptions } from '../../src/node/context-options.ts';
import { chooseCrypto } from '../../src/node/crypto-provider.ts';
import { createSecureContext } from '../../src/node/secure-context.ts';
import { type IdentityKind, identity } from './identities.ts';

export interface ServerEndOptions {
  readonly identities?: readonly IdentityKind[];
  readonly context?: SecureContextOptions;
  readonly config?: Partial<ServerConfig>;
  readonly policy?: Partial<Policy>;
  readonly provider?: CryptoProvider;
  /** A configuration made before, instead of what makes one. */
  readonly prepared?: ServerConfig;
}

/** A server's configuration for tests. */
export function serverConfig({
  identities = ['p256'],
  context = {},
  config = {},
}: ServerEndOptions = {}): ServerConfig {
  const made = identities.map(identity);
  const options = { key: made.map(({ key }) => key), cert: made.map(({ cert }) => cert), ...context };
  return { ...createSecureContext(options).config, ...config };
}

/** The server's engine with everything that came out of it. */
export class ServerEnd {
  readonly connection: Connection;
  readonly events: ConnectionEvent[] = [];
  /** What a listener does that is given plaintext. */
  onPlaintext: ((bytes: Uint8Array) => void) | undefined;
  #output: Uint8Array[] = [];
  readonly #plaintext: Uint8Array[] = [];
  #time = 0;

  constructor(options: ServerEndOptions = {}) {
    const config = options.prepared ?? serverConfig(options);
    const policy: Policy = { configure: () => config, ...options.policy };
    const sink = {
      wantsKeylog: true,
      ciphertext: (bytes: Uint8Array) => void this.#output.push(bytes),
      plaintext: (bytes: Uint8Array) => {
        this.#plaintext.push(Uint8Array.from(bytes));
        this.onPlaintext?.(bytes);
      },
      event: (event: ConnectionEvent) => void this.events.push(event),
    };
    this.connection = new Connection(policy, options.provider ?? chooseCrypto(), sink, () => this.#time++);
  }

  /** Lets time go by. */
  wait(milliseconds: number): void {
    this.#time += milliseconds;
  }

  receive(bytes: Uint8Array): void {
    this.connection.receive(bytes);
  }

  /** Everything sent since the last call. */
  takeOutput(): Buffer {
    const output = Buffer.concat(this.#output);
    this.#output = [];
    return output;
  }

  get plaintext(): Buffer {
    return Buffer.concat(this.#plaintext);
  }

  /** How many times plaintext was handed over. */
  get pieces(): number {
    return this.#plaintext.length;
  }

  get failure(): ConnectionFailure | undefined {
    const failures = this.events.flatMap((event) => (event.type === 'failure' ? event.failure : []));
    if (failures.length > 1) throw new Error('the connection failed more than once');
    return failures[0];
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  get isSecure(): boolean {
    return this.events.some((event) => event.type === 'secure');
  }
}
