import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { parseIp } from '../x509/ip-address.ts';

/** A mistake in the arguments; its message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'serve';
      readonly port: number;
      readonly host: string | undefined;
      /** Paths of a certificate chain and its key; without them development ones are used. */
      readonly files: { readonly cert: string; readonly key: string } | undefined;
      /** Further names for the development certificate. */
      readonly names: readonly string[];
      /** How many processes serve; 1 is this one. */
      readonly workers: number;
    };

/** The text of `--help`. */
export const usage = `Usage: tsls [options]          in a clone: npm start -- [options]

Serves a page over TLS that shows what your client and the server agreed upon, and
everything that the client offered. The same as JSON at /json; POST /echo echoes.

Options:
  -p, --port <number>   port to listen on (default 8443; 0 for any free one)
  -H, --host <address>  address to listen on (default: all of this machine's)
      --cert <file>     certificate chain in PEM, the server's own first
      --key <file>      its private key in PEM
      --name <name>     a further host name or IP address for the development
                        certificate; may be repeated
      --workers <number>  processes that serve (default 1; 0 or auto: one for each
                        core); sessions are resumed by all of them
  -h, --help            show this text
  -v, --version         show the version

Without --cert and --key, a development authority and a certificate by it are made
at the first start and kept in .tsls/ under the current directory.
`;

/** Reads the arguments (those after the script's name). Throws `UsageError`. */
export function readArguments(args: readonly string[]): Command {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const { cert, key, name: names = [] } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError(`--${cert === undefined ? 'cert' : 'key'} is missing: --cert and --key go together`);
  }
  const bad = names.find(
    (name) => parseIp(name) === undefined && !/^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(name),
  );
  if (bad !== undefined) throw new UsageError(`--name ${bad} is neither a host name nor an IP address`);
  return {
    kind: 'serve',
    port: readPort(values.port ?? '8443'),
    // An IPv6 address may come as it stands in a URL.
    host: values.host?.replace(/^\[(.*)\]$/, '$1'),
    files: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    names,
    workers: readWorkers(values.workers ?? '1'),
  };
}

/** More than any machine has cores for. */
const mostWorkers = 1024;

function readWorkers(text: string): number {
  if (text === 'auto' || text === '0') return availableParallelism();
  if (!/^\d{1,4}$/.test(text) || Number(text) > mostWorkers) {
    throw new UsageError(`--workers ${text} is neither auto nor a number up to ${mostWorkers}`);
  }
  return Number(text);
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new UsageError(`--port ${text} is no port (0 to 65535)`);
  return Number(text);
}

interface Values {
  readonly port?: string;
  readonly host?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly name?: string[];
  readonly workers?: string;
  readonly help?: boolean;
  readonly version?: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', short: 'p' },
        host: { type: 'string', short: 'H' },
        cert: { type: 'string' },
        key: { type: 'string' },
        name: { type: 'string', multiple: true },
        workers: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ', 1)[0]!);
  }
}
