import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { relative } from 'node:path';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { certificatesOfPem, decodePem } from '../x509/pem.ts';

/** What a server shows of itself, in PEM. */
export interface Identity {
  readonly cert: Uint8Array | string;
  readonly key: Uint8Array | string;
  /** Where the development authority that signed it is kept. */
  readonly authorityPath?: string;
  /** Why clients will refuse it, if that can be seen. */
  readonly warning?: string | undefined;
}

/** Reads a certificate chain and a key given by their paths. Throws errors that tell a user which is wrong, and why. */
export function readIdentity(files: { readonly cert: string; readonly key: string }): Identity {
  const cert = read('--cert', files.cert);
  const key = read('--key', files.key);
  const chain = attempt(`--cert ${files.cert}`, () => certificatesOfPem(cert).map(readCertificate));
  if (chain.length === 0) throw new Error(`--cert ${files.cert} holds no certificate in PEM`);
  const blocks = attempt(`--key ${files.key}`, () => decodePem(key));
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) throw new Error(`--key ${files.key} holds no private key in PEM`);
  if (block.label.startsWith('ENCRYPTED') || block.headers['Proc-Type']?.includes('ENCRYPTED')) {
    throw new Error(`--key ${files.key} is encrypted; decrypt it first (openssl pkey)`);
  }
  return { cert, key, warning: validityWarning(chain[0]!, files.cert, new Date()) };
}

function validityWarning({ notBefore, notAfter }: Certificate, path: string, now: Date): string | undefined {
  const day = (time: Date): string => time.toISOString().slice(0, 10);
  if (now > notAfter) return `The certificate in ${path} expired on ${day(notAfter)}.`;
  return now < notBefore ? `The certificate in ${path} is not valid before ${day(notBefore)}.` : undefined;
}

function read(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'it may not be read',
      EISDIR: 'it is a folder',
    };
    throw new Error(`${option} ${path}: ${reasons[code] ?? (error as Error).message}`);
  }
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`);
  }
}

/**
 * The names that a development certificate is for: this machine under its own name, under `localhost`, and under the
 * address listened on; where that is every address, under its IPv4 addresses, so that a phone beside it can look.
 */
export function developmentNames(host: string | undefined, further: readonly string[]): string[] {
  const own = hostname().toLowerCase();
  const names = ['localhost', '127.0.0.1', '::1', ...(isHostName(own) ? [own] : []), ...reachedBy(host), ...further];
  return [...new Set(names)];
}

const isHostName = (name: string): boolean =>
  /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name) && name.length <= 253;

/** Whether a server that listens on `host` listens on every address of the machine. */
export const isEveryAddress = (host: string | undefined): boolean =>
  host === undefined || host === '' || host === '0.0.0.0' || host === '::';

function reachedBy(host: string | undefined): string[] {
  // A certificate knows no zones (`fe80::1%eth0`).
  if (host !== undefined && !isEveryAddress(host)) return [host.toLowerCase().replace(/%.*$/, '')];
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
}

/** A path as short as it can be from the current directory. */
export function shortPath(path: string): string {
  const short = relative('.', path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
