import { ProtocolVersion } from '../wire/code-points.ts';

/** The hashes that key schedules use. */
export type HashName = 'sha256' | 'sha384';

/** Bytes in the output of each hash. */
export const hashLength: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48 };

/** AEAD constructions by the names of the IANA AEAD registry (RFC 5116, RFC 8439, RFC 6655). */
export type AeadName =
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM'
  | 'AEAD_CHACHA20_POLY1305'
  | 'AEAD_AES_128_CCM'
  | 'AEAD_AES_128_CCM_8';

export interface AeadShape {
  readonly keyLength: number;
  readonly tagLength: number;
  /**
   * Records that one key may protect before it must be replaced, with a margin below the bounds of
   * RFC 8446 section 5.5 (2^24.5 full-size records for AES-GCM) and RFC 9147 section 4.5.3 (CCM).
   */
  readonly recordLimit: number;
}

export const aeadShapes: Readonly<Record<AeadName, AeadShape>> = {
  AEAD_AES_128_GCM: { keyLength: 16, tagLength: 16, recordLimit: 2 ** 24 },
  AEAD_AES_256_GCM: { keyLength: 32, tagLength: 16, recordLimit: 2 ** 24 },
  AEAD_CHACHA20_POLY1305: { keyLength: 32, tagLength: 16, recordLimit: 2 ** 48 },
  AEAD_AES_128_CCM: { keyLength: 16, tagLength: 16, recordLimit: 2 ** 23 },
  AEAD_AES_128_CCM_8: { keyLength: 16, tagLength: 8, recordLimit: 2 ** 17 },
};

export interface CipherSuite {
  /** IANA code point. */
  readonly id: number;
  /** The name that OpenSSL and Node use. */
  readonly name: string;
  /** The name in the RFCs. */
  readonly standardName: string;
  readonly version: typeof ProtocolVersion.tls12 | typeof ProtocolVersion.tls13;
  readonly aead: AeadName;
  readonly hash: HashName;
  /** What authenticates the server: fixed by the suite in TLS 1.2, free in TLS 1.3. */
  readonly authentication: 'ecdsa' | 'rsa' | 'psk' | 'any';
  /** What gives forward secrecy, fixed by the suite in TLS 1.2: a curve, a finite field, or nothing (RFC 4279 section 2). */
  readonly keyExchange: 'ecdhe' | 'dhe' | 'none' | 'any';
}

const { tls12, tls13 } = ProtocolVersion;

/** Every suite that is implemented, in the order in which we prefer them. */
export const cipherSuites: readonly CipherSuite[] = [
  suite(0x1302, 'TLS_AES_256_GCM_SHA384', tls13, 'AEAD_AES_256_GCM', 'sha384', 'any'),
  suite(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', tls13, 'AEAD_CHACHA20_POLY1305', 'sha256', 'any'),
  suite(0x1301, 'TLS_AES_128_GCM_SHA256', tls13, 'AEAD_AES_128_GCM', 'sha256', 'any'),
  suite(0x1304, 'TLS_AES_128_CCM_SHA256', tls13, 'AEAD_AES_128_CCM', 'sha256', 'any'),
  suite(0x1305, 'TLS_AES_128_CCM_8_SHA256', tls13, 'AEAD_AES_128_CCM_8', 'sha256', 'any'),
  suite(0xc02b, 'ECDHE-ECDSA-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'ecdsa'),
  suite(0xc02f, 'ECDHE-RSA-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'rsa'),
  suite(0xc02c, 'ECDHE-ECDSA-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'ecdsa'),
  suite(0xc030, 'ECDHE-RSA-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'rsa'),
  suite(0xcca9, 'ECDHE-ECDSA-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'ecdsa'),
  suite(0xcca8, 'ECDHE-RSA-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'rsa'),
  // RFC 5288, RFC 7905: only where the server has parameters for them.
  suite(0x009e, 'DHE-RSA-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'rsa'),
  suite(0x009f, 'DHE-RSA-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'rsa'),
  suite(0xccaa, 'DHE-RSA-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'rsa'),
  // RFC 8442, RFC 7905, RFC 5487: with a key that both sides have beforehand.
  suite(0xd001, 'ECDHE-PSK-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'psk'),
  suite(0xd002, 'ECDHE-PSK-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'psk'),
  suite(0xccac, 'ECDHE-PSK-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'psk'),
  suite(0x00aa, 'DHE-PSK-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'psk'),
  suite(0x00ab, 'DHE-PSK-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'psk'),
  suite(0xccad, 'DHE-PSK-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'psk'),
  suite(0x00a8, 'PSK-AES128-GCM-SHA256', tls12, 'AEAD_AES_128_GCM', 'sha256', 'psk'),
  suite(0x00a9, 'PSK-AES256-GCM-SHA384', tls12, 'AEAD_AES_256_GCM', 'sha384', 'psk'),
  suite(0xccab, 'PSK-CHACHA20-POLY1305', tls12, 'AEAD_CHACHA20_POLY1305', 'sha256', 'psk'),
];

function suite(
  id: number,
  name: string,
  version: CipherSuite['version'],
  aead: AeadName,
  hash: HashName,
  authentication: CipherSuite['authentication'],
): CipherSuite {
  const keyExchange = keyExchangeOf(name);
  return { id, name, standardName: standardName(name, aead), version, aead, hash, authentication, keyExchange };
}

function keyExchangeOf(name: string): CipherSuite['keyExchange'] {
  if (name.startsWith('TLS_')) return 'any';
  if (name.startsWith('PSK-')) return 'none';
  return name.startsWith('DHE-') ? 'dhe' : 'ecdhe';
}

/** `ECDHE-RSA-AES128-GCM-SHA256` -> `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
function standardName(name: string, aead: AeadName): string {
  if (name.startsWith('TLS_')) return name;
  const exchange = /^(?:ECDHE-(?:ECDSA|RSA|PSK)|DHE-(?:RSA|PSK)|PSK)/.exec(name)![0].replace('-', '_');
  const hash = name.endsWith('SHA384') ? 'SHA384' : 'SHA256';
  return `TLS_${exchange}_WITH_${aead.slice('AEAD_'.length)}_${hash}`;
}
