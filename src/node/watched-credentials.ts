import type { Server } from 'node:net';
import { checkFunction, checkNumber, checkObject, invalidArgType, isGiven } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import type { OneOrMany } from './credentials.ts';
import { type FileContents, FollowedFiles } from './followed-files.ts';
import { createSecureContext, type SecureContext } from './secure-context.ts';

/** Options that are paths of files here, and what is in the files for `createSecureContext`. */
const fileOptions = ['key', 'cert', 'pfx', 'ca', 'crl'] as const;
type FileOption = (typeof fileOptions)[number];
type Path = string | URL;

/** What `watchCredentials` takes: paths of files, and all other options of `createSecureContext`. */
export interface WatchOptions
  extends Omit<SecureContextOptions, FileOption>,
    Partial<Readonly<Record<FileOption, OneOrMany<Path> | undefined>>> {
  /** Hears of every new context; servers that are attached have it already. */
  readonly onChange?: ((context: SecureContext) => void) | undefined;
  /** Hears why new files are not used; without, it is a warning of the process. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Milliseconds between looks at the files for where the system tells of no changes; 60,000 by default. */
  readonly interval?: number | undefined;
}

/** What a server needs to be given other credentials: the servers of tsls have it. */
interface AttachableServer extends Server {
  setSecureContext(context: SecureContext): void;
  addContext(hostname: string, context: SecureContext): void;
  replaceContext(hostname: string, context: SecureContext): boolean;
}

/** A secure context that follows its files. Keeps no process alive. */
export interface WatchedCredentials {
  /** The context of the files as they were when they were last in order. */
  readonly secureContext: SecureContext;
  /**
   * Gives a server this context and those to come, or one host of it, as `addContext` does, until the server closes. A host
   * that was added with a policy keeps it.
   */
  attach(server: AttachableServer, hostname?: string): void;
  /** Looks at the files now, instead of at the next change; resolves when that is done. */
  refresh(): Promise<void>;
  /** Follows the files no more. Servers keep the context that they have. */
  close(): void;
}

/**
 * Makes a secure context of files and makes another whenever they change: written in place, replaced, or by a symbolic
 * link that leads elsewhere, as in Kubernetes. Files that do not fit together get a second to become whole, since one is
 * replaced after the other; until they are, and if they never are, the context before stays. Rejects where the files are
 * no good to begin with, with the errors of `createSecureContext` and of reading files.
 */
export async function watchCredentials(options: WatchOptions): Promise<WatchedCredentials> {
  checkObject('options', options);
  const { onChange, onError, interval = 60_000, ...others } = options;
  for (const [name, value] of Object.entries({ onChange, onError })) {
    if (isGiven(value)) checkFunction(`options.${name}`, value);
  }
  checkNumber('options.interval', interval, 1, 2 ** 31 - 1);
  const named = fileOptions.filter((name) => isGiven(others[name]));
  const paths = named.flatMap((name) => listOf(others[name]).map((path) => ({ name, path: checkPath(name, path) })));
  if (paths.length === 0) throw invalidArgType('options.cert', 'of type string or an instance of URL', options.cert);

  const attached = new Map<AttachableServer, Set<string | undefined>>();
  let secureContext: SecureContext;
  const files = new FollowedFiles(
    paths.map(({ path }) => path),
    interval,
    {
      use(contents: FileContents): void {
        const made = named.map((name) => [name, contents.filter((_, i) => paths[i]!.name === name)]);
        secureContext = createSecureContext({ ...others, ...Object.fromEntries(made) });
      },
      used(): void {
        for (const [server, hostnames] of attached)
          for (const hostname of hostnames) give(server, hostname, secureContext);
        onChange?.(secureContext);
      },
      refused: onError ?? warn,
    },
  );
  await files.start();

  return {
    get secureContext() {
      return secureContext;
    },
    attach(server, hostname) {
      give(server, hostname, secureContext);
      const known = attached.get(server);
      if (known !== undefined) {
        known.add(hostname);
        return;
      }
      attached.set(server, new Set([hostname]));
      server.once('close', () => attached.delete(server));
    },
    refresh: () => files.look(),
    close: () => files.close(),
  };
}

function give(server: AttachableServer, hostname: string | undefined, context: SecureContext): void {
  if (hostname === undefined) return server.setSecureContext(context);
  // What the host has beside its context, such as whom it lets in, is not ours to change.
  if (!server.replaceContext(hostname, context)) server.addContext(hostname, context);
}

const listOf = (value: OneOrMany<Path> | undefined): readonly Path[] =>
  Array.isArray(value) ? value : [value as Path];

function checkPath(name: string, path: unknown): Path {
  if (typeof path === 'string' || path instanceof URL) return path;
  throw invalidArgType(`options.${name}`, 'of type string or an instance of URL', path);
}

const warn = (error: Error): void =>
  process.emitWarning(`New credentials are not used: ${error.message}`, { code: 'TSLS_CREDENTIALS_REFUSED' });
