/** A flag, or a value of one, that the shim has nothing for: the runner counts the case as unimplemented. */
export class Unimplemented extends Error {}

/** Flags without a value. */
const switches: ReadonlySet<string> = new Set([
  '-async',
  '-check-close-notify',
  '-cnsa-202407',
  '-cnsa1-202603',
  '-decline-alpn',
  '-decline-ocsp-callback',
  '-enable-early-data',
  '-expect-accept-early-data',
  '-expect-extended-master-secret',
  '-expect-hrr',
  '-expect-no-hrr',
  '-expect-no-next-proto',
  '-expect-no-server-name',
  '-expect-no-session-id',
  '-expect-reject-early-data',
  '-expect-session-id',
  '-expect-session-miss',
  '-fail-cert-callback',
  '-fail-ddos-callback',
  '-fail-early-callback',
  '-fail-ocsp-callback',
  '-fips-202205',
  '-install-ddos-callback',
  '-ipv6',
  '-is-handshaker-supported',
  '-key-update',
  '-must-match-issuer',
  '-no-ticket',
  '-no-tls1',
  '-no-tls11',
  '-no-tls12',
  '-no-tls13',
  '-psk-importer-sha256',
  '-psk-importer-sha384',
  '-reject-alpn',
  '-require-any-client-certificate',
  '-select-empty-alpn',
  '-server',
  '-server-preference',
  '-shim-shuts-down',
  '-use-early-callback',
  '-use-export-context',
  '-verify-fail',
  '-verify-peer',
  '-wpa-202304',
]);

/** Flags with a value; those that come several times make a list. */
const valued: ReadonlySet<string> = new Set([
  '-advertise-npn',
  '-cert-file',
  '-cipher',
  '-curves',
  '-expect-advertised-alpn',
  '-expect-cipher-aes',
  '-expect-curve-id',
  '-expect-next-proto',
  '-expect-peer-cert-file',
  '-expect-peer-signature-algorithm',
  '-expect-peer-verify-pref',
  '-expect-selected-credential',
  '-expect-server-name',
  '-export-context',
  '-export-keying-material',
  '-export-label',
  '-key-file',
  '-max-send-fragment',
  '-max-version',
  '-min-version',
  '-ocsp-response',
  '-port',
  '-resume-count',
  '-psk',
  '-psk-identity',
  '-psk-importer-context',
  '-psk-importer-identity',
  '-psk-importer-key',
  '-select-alpn',
  '-shim-id',
  '-signing-prefs',
  '-trust-cert',
  '-use-client-ca-list',
  '-verify-prefs',
]);

/** Switches that change nothing here, and why. */
const meaningless: ReadonlySet<string> = new Set([
  '-enable-ocsp-stapling', // for clients
  '-expect-verify-result', // it is what we make it to be
  '-set-ocsp-in-callback', // there is no other way
  '-use-custom-verify-callback',
  '-use-ocsp-callback',
  '-allow-hint-mismatch', // there is no handshaker that could give hints
  '-implicit-handshake', // the handshake needs no call of its own
  '-no-op-extra-handshake', // so it cannot be called twice
]);

/** Flags with a value that change nothing here, and why. */
const meaninglessValued: ReadonlySet<string> = new Set([
  '-expect-early-data-reason', // the reasons are BoringSSL's own
  '-expect-cipher-no-aes', // the machine is taken to have AES instructions
  '-read-size', // the stream decides
]);

/** What a credential is made of. */
export interface CredentialFiles {
  /** Its place among those that flags added, or -1 for the one by default. */
  readonly number: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly signingPrefs: readonly number[];
  readonly ocspResponse: Buffer | undefined;
  /** Whether it is only for clients that name an issuer of its chain. */
  readonly mustMatchIssuer: boolean;
}

/** An external PSK that clients import (RFC 9258). */
export interface ImportedKey {
  /** Its place among the credentials that flags added. */
  readonly number: number;
  readonly key: Buffer;
  readonly identity: Buffer;
  readonly context: Buffer;
  readonly hash: 'sha256' | 'sha384';
}

/** Flags that belong to the credential before them. */
const ofCredential: ReadonlySet<string> = new Set([
  ...['-cert-file', '-key-file', '-signing-prefs', '-ocsp-response', '-must-match-issuer'],
  ...['-psk-importer-key', '-psk-importer-identity', '-psk-importer-context'],
  ...['-psk-importer-sha256', '-psk-importer-sha384'],
]);

/** The flags of one connection. */
export class ShimFlags {
  readonly #switches = new Set<string>();
  readonly #values = new Map<string, string[]>();
  /** Flags of credentials: first those of the one by default, then a map for each new one. */
  readonly #credentials: Map<string, string[]>[] = [new Map()];

  /** Takes in a flag; `value` is absent for a switch. */
  set(name: string, value: string | undefined): void {
    if (name === '-select-alpn' && value === '') return; // chooses none
    if (name === '-new-x509-credential' || name === '-new-psk-credential') this.#credentials.push(new Map());
    else if (value === undefined && !ofCredential.has(name)) this.#switches.add(name);
    else {
      const map = ofCredential.has(name) ? this.#credentials.at(-1)! : this.#values;
      map.set(name, [...(map.get(name) ?? []), value ?? '']);
    }
  }

  has(name: string): boolean {
    return this.#switches.has(name) || this.#values.has(name);
  }

  /** Whether a server for these flags would do for the others: they differ in what is expected, if at all. */
  isLike(other: ShimFlags): boolean {
    return this.#settings === other.#settings;
  }

  get #settings(): string {
    const maps = [this.#values, ...this.#credentials].map((map) => [...map]);
    const settings = [...maps.flat(), ...[...this.#switches].map((name) => [name])];
    return JSON.stringify(settings.filter(([name]) => !String(name).startsWith('-expect-')));
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  numbers(name: string): readonly number[] {
    return (this.#values.get(name) ?? []).map(Number);
  }

  /** The keys that clients may import, best first. */
  get importedKeys(): readonly ImportedKey[] {
    return this.#credentials.slice(1).flatMap((flags, number) => {
      const [key, identity, context] = ['key', 'identity', 'context'].map((part) =>
        Buffer.from(flags.get(`-psk-importer-${part}`)?.[0] ?? '', 'base64'),
      ) as [Buffer, Buffer, Buffer];
      const hash = flags.has('-psk-importer-sha384') ? 'sha384' : 'sha256';
      return key.length > 0 ? { number, key, identity, context, hash } : [];
    });
  }

  /** The credentials, best first: the one by default is the last resort. */
  get credentials(): readonly CredentialFiles[] {
    const [standard, ...added] = this.#credentials;
    return [...added, standard!].flatMap((flags, index) => {
      const [certFile, keyFile] = [flags.get('-cert-file')?.[0], flags.get('-key-file')?.[0]];
      if (!certFile || !keyFile) return [];
      const signingPrefs = (flags.get('-signing-prefs') ?? []).map(Number);
      const [ocsp] = flags.get('-ocsp-response') ?? [];
      const ocspResponse = ocsp === undefined ? undefined : Buffer.from(ocsp, 'base64');
      const mustMatchIssuer = flags.has('-must-match-issuer');
      const number = flags === standard ? -1 : index;
      return { number, certFile, keyFile, signingPrefs, ocspResponse, mustMatchIssuer };
    });
  }
}

export interface Flags {
  /** Those of the first connection, and those of connections that resume it. */
  readonly initial: ShimFlags;
  readonly resume: ShimFlags;
}

/** Each begins another credential. */
const starters: ReadonlySet<string> = new Set(['-new-x509-credential', '-new-psk-credential']);

/** Reads the runner's command line. Throws `Unimplemented` for what the shim does not know. */
export function readFlags(args: readonly string[]): Flags {
  const flags: Flags = { initial: new ShimFlags(), resume: new ShimFlags() };
  for (let i = 0; i < args.length; i++) {
    const match = /^(?<where>(?:-on-(?:shim|handshaker))?(?:-on-(?:initial|resume|retry))?)(?<name>-.*)$/.exec(
      args[i]!,
    );
    const { where = '', name = '' } = match?.groups ?? {};
    const isValued = valued.has(name) || meaninglessValued.has(name);
    if (!isValued && !switches.has(name) && !meaningless.has(name) && !starters.has(name)) {
      throw new Unimplemented(`flag ${args[i]}`);
    }
    const value = isValued ? args[++i] : undefined;
    if (where.includes('handshaker') || where.includes('retry')) continue;
    if (!where.includes('resume')) flags.initial.set(name, value);
    if (!where.includes('initial')) flags.resume.set(name, value);
  }
  return flags;
}
