// What the table is about: the axes, one cell of the table, and what a peer must offer to be run.

export type Version = 'TLSv1.2' | 'TLSv1.3';
export type Credential = 'rsa' | 'p256' | 'ed25519';
export type Group = 'X25519' | 'P-256' | 'P-384' | 'P-521' | 'X448' | 'X25519MLKEM768';
/** Who narrows the choice down to the one wanted: the client, or the server where the client has no switch. */
type Chooser = 'client' | 'server';

export interface Suite {
  /** IANA name, which is also what `getCipher().standardName` says. */
  readonly iana: string;
  /** OpenSSL's name, which is what `ciphers` and `getCipher().name` use. */
  readonly openssl: string;
  readonly code: number;
  readonly version: Version;
  /** The credential that this suite is tested with. */
  readonly credential: Credential;
  /** The heading of its column. */
  readonly label: string;
}

const suite = (version: Version, code: number, iana: string, openssl: string, credential: Credential, label: string) =>
  ({ version, code, iana, openssl, credential, label }) satisfies Suite;

/** RFC 8446 appendix B.4, RFC 5289 and RFC 7905: the suites of the table, each with the credential it is shown with. */
export const suites = [
  suite('TLSv1.3', 0x1301, 'TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256', 'p256', '1.3 AES-128'),
  suite('TLSv1.3', 0x1302, 'TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384', 'rsa', '1.3 AES-256'),
  suite('TLSv1.3', 0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'p256', '1.3 ChaCha20'),
  suite(
    'TLSv1.2',
    0xc02b,
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'p256',
    '1.2 ECDSA AES-128',
  ),
  suite(
    'TLSv1.2',
    0xc02c,
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'p256',
    '1.2 ECDSA AES-256',
  ),
  suite(
    'TLSv1.2',
    0xcca9,
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'p256',
    '1.2 ECDSA ChaCha20',
  ),
  suite(
    'TLSv1.2',
    0xc02f,
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'rsa',
    '1.2 RSA AES-128',
  ),
  suite(
    'TLSv1.2',
    0xc030,
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'rsa',
    '1.2 RSA AES-256',
  ),
  suite(
    'TLSv1.2',
    0xcca8,
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'rsa',
    '1.2 RSA ChaCha20',
  ),
] as const satisfies readonly Suite[];

export const groups = ['X25519', 'P-256', 'P-384', 'P-521', 'X448', 'X25519MLKEM768'] as const satisfies Group[];
export const credentials = ['rsa', 'p256', 'ed25519'] as const satisfies Credential[];

/** The name that certificates carry, that clients ask for and verify. */
export const serverName = 'localhost';
/** Bytes each way. */
export const payloadBytes = 1024 * 1024;

/** One cell of the table: one connection of one client, and everything that it must turn out to be. */
export interface Cell {
  /** The column it belongs to; unique within a client. */
  readonly column: string;
  readonly suite: Suite;
  readonly suiteBy: Chooser;
  readonly credential: Credential;
  /** The one group allowed; undefined leaves it to both sides' defaults. */
  readonly group?: Group;
  readonly groupBy?: Chooser;
  /** The protocol that must be agreed on (RFC 7301), for clients that speak HTTP. */
  readonly alpn?: 'h2' | 'http/1.1';
}

/** Where a cell finds its server, and the files it needs. */
export interface Target {
  readonly port: number;
  /** PEM of the certificate authority that the client must verify against. */
  readonly ca: string;
  /** A folder with `payload.bin`, `payload.txt`, the keys and certificates, and NSS' database. */
  readonly folder: string;
  /** A folder of this cell's own, made already. */
  readonly scratch: string;
}

/** What the client's side of a connection reports. */
export interface Exchange {
  /** SHA-256 in hex of what the client received. */
  readonly received: string;
  /** Which of the two payloads it sent. */
  readonly sent: 'bin' | 'txt';
  /** What the client itself says was negotiated, where it can tell. */
  readonly protocol?: string;
  readonly suite?: string;
}

export interface Peer {
  readonly name: string;
  /** How its server answers: the bytes back, or HTTP. */
  readonly mode: 'echo' | 'http';
  /** The versions that it speaks, and who chooses the suite in each. */
  readonly suiteBy: Partial<Record<Version, Chooser>>;
  readonly groups: readonly Group[];
  readonly groupBy: Chooser;
  readonly credentials: readonly Credential[];
  /** The protocols that it is to agree on once each. */
  readonly alpn?: readonly ('h2' | 'http/1.1')[];
  /** Its version; undefined if it is not installed. May build the client. */
  find(): Promise<string | undefined>;
  /** Carries out one cell. Throws with the client's own words when it did not get through. */
  run(cell: Cell, target: Target): Promise<Exchange>;
}
