import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { developmentCrypto, loadDevelopmentKey } from '../crypto/node/development-keys.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import {
  createDevelopmentAuthority,
  createDevelopmentLeaf,
  type DevelopmentIdentity,
  type DevelopmentKeyType,
} from '../x509/development.ts';
import { matchesHost } from '../x509/host-name.ts';
import { certificatesOfPem, encodePem } from '../x509/pem.ts';

/** What a development store is asked for. */
export interface DevelopmentStoreOptions {
  /** Where the files are, or shall be. */
  readonly folder: string;
  /** Host names and IP addresses that the certificate must be for. */
  readonly names: readonly string[];
  /** By default ECDSA. */
  readonly type?: DevelopmentKeyType;
  readonly now?: Date;
}

/** A certificate and key to serve with, and what was done to have them. */
export interface DevelopmentStore {
  /** In PEM. */
  readonly cert: string;
  /** In PEM. */
  readonly key: string;
  /** The path of the authority's certificate, for clients to trust. */
  readonly authorityPath: string;
  /** What was made anew: the authority with its certificate, the certificate alone, or nothing. */
  readonly made: 'authority' | 'certificate' | undefined;
}

/** Certificates are made anew when they are valid for less than so many milliseconds: 30 days. */
const renewal = 30 * 86_400_000;

/** Milliseconds that another process may take to make certificates. */
const patience = 5000;

/**
 * The development certificates of a folder: those that it holds where they are whole, fit and valid for another
 * 30 days, else new ones, which are kept there (keys with mode 0600). Throws the errors of the file system, and
 * `RangeError` for bad names.
 */
export function openDevelopmentStore(options: DevelopmentStoreOptions): DevelopmentStore {
  const { folder } = options;
  // What is whole is used as it is, and need not be written to.
  const { leaf } = keptIn(options);
  if (leaf !== undefined) return storeOf(folder, leaf, undefined);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return whileAlone(join(folder, 'lock'), () => renew(options));
}

/** What a store has; what is broken, does not fit or is about to expire is as good as not there. */
interface Kept {
  readonly authority?: DevelopmentIdentity;
  readonly leaf?: DevelopmentIdentity;
}

function keptIn({ folder, names, type = 'ecdsa', now = new Date() }: DevelopmentStoreOptions): Kept {
  const authority = readIdentity(join(folder, 'ca.pem'), join(folder, 'ca-key.pem'));
  if (authority === undefined || !isFitAuthority(authority, now)) return {};
  const leaf = readIdentity(join(folder, 'cert.pem'), join(folder, 'key.pem'));
  return leaf !== undefined && isFitLeaf(leaf, authority, { names, type, now }) ? { authority, leaf } : { authority };
}

function renew(options: DevelopmentStoreOptions): DevelopmentStore {
  const { folder, names, type = 'ecdsa', now = new Date() } = options;
  const path = (file: string): string => join(folder, file);
  // Another process may have been here first.
  let { authority, leaf } = keptIn(options);
  let made: DevelopmentStore['made'];
  if (authority === undefined) {
    authority = createDevelopmentAuthority(developmentCrypto, now);
    keepIdentity(authority, path('ca.pem'), path('ca-key.pem'));
    keep(path('.gitignore'), '*\n', 0o644);
    made = 'authority';
  }
  if (leaf === undefined) {
    leaf = createDevelopmentLeaf(developmentCrypto, authority, { names, type, now });
    keepIdentity(leaf, path('cert.pem'), path('key.pem'));
    made ??= 'certificate';
  }
  return storeOf(folder, leaf, made);
}

function storeOf(
  folder: string,
  { certificate, key }: DevelopmentIdentity,
  made: DevelopmentStore['made'],
): DevelopmentStore {
  return {
    cert: encodePem('CERTIFICATE', certificate),
    key: encodePem('PRIVATE KEY', key.pkcs8),
    authorityPath: join(folder, 'ca.pem'),
    made,
  };
}

/** Does what only one process may do at a time. Who holds the lock for too long died with it. */
function whileAlone<T>(lock: string, action: () => T): T {
  const end = performance.now() + patience;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!isTaken(lock)) {
    if (performance.now() > end) rmSync(lock, { force: true });
    else Atomics.wait(sleeper, 0, 0, 20);
  }
  try {
    return action();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whether nobody had the lock, which is ours from now on. */
function isTaken(lock: string): boolean {
  try {
    writeFileSync(lock, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A certificate with the key that belongs to it; `undefined` where either is missing, broken or another's. */
function readIdentity(certificatePath: string, keyPath: string): DevelopmentIdentity | undefined {
  const certificatePem = readIfThere(certificatePath);
  const keyPem = readIfThere(keyPath);
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  try {
    const [certificate] = certificatesOfPem(certificatePem);
    const key = loadDevelopmentKey(keyPem);
    if (certificate === undefined) return undefined;
    const { spki } = readCertificate(certificate).publicKey;
    return Buffer.compare(spki, key.spki) === 0 ? { certificate, key } : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const isCurrent = ({ notBefore, notAfter }: Certificate, now: Date): boolean =>
  notBefore <= now && notAfter.getTime() - now.getTime() > renewal;

function isFitAuthority(authority: DevelopmentIdentity, now: Date): boolean {
  const certificate = readCertificate(authority.certificate);
  return certificate.basicConstraints?.ca === true && isCurrent(certificate, now);
}

function isFitLeaf(
  leaf: DevelopmentIdentity,
  authority: DevelopmentIdentity,
  { names, type, now }: { names: readonly string[]; type: DevelopmentKeyType; now: Date },
): boolean {
  const certificate = readCertificate(leaf.certificate);
  const issuer = readCertificate(authority.certificate);
  return (
    leaf.key.type === type &&
    Buffer.compare(certificate.issuer.der, issuer.subject.der) === 0 &&
    isCurrent(certificate, now) &&
    names.every((name) => isNamed(certificate, name))
  );
}

/** Whether a certificate is for a name; for a wildcard, whether it holds that very wildcard. */
function isNamed(certificate: Certificate, name: string): boolean {
  return name.startsWith('*.')
    ? certificate.subjectAltName.some(({ type, value }) => type === 'dns' && value === name)
    : matchesHost(certificate, name);
}

function keepIdentity({ certificate, key }: DevelopmentIdentity, certificatePath: string, keyPath: string): void {
  // The key first: a certificate without its key is of no use to anybody, and is made anew.
  keep(keyPath, encodePem('PRIVATE KEY', key.pkcs8), 0o600);
  keep(certificatePath, encodePem('CERTIFICATE', certificate), 0o644);
}

/** Writes a file whole or not at all; nobody else can read a key even for a moment. */
function keep(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, path);
}
