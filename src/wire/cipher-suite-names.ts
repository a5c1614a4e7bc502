import { hex16, isGrease } from './code-points.ts';

// The IANA registry "TLS Cipher Suites" numbers most suites in runs: for each key exchange in turn, the same
// ciphers. This file says the runs; the names follow.

type Run = readonly [first: number, exchanges: string, ciphers: string];

/** Of most runs: the key exchanges of RFC 5246 in their order of numbers. */
const classic = 'RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon';
const gcm = 'RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon';
const elliptic = 'ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA';
const psk = 'PSK DHE_PSK RSA_PSK';
const srp = 'SRP_SHA SRP_SHA_RSA SRP_SHA_DSS';

const runs: readonly Run[] = [
  [0x0001, 'RSA', 'NULL_MD5 NULL_SHA'],
  [0x0004, 'RSA', 'RC4_128_MD5 RC4_128_SHA'],
  [0x0007, 'RSA', 'IDEA_CBC_SHA'],
  [0x0009, 'RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x000c, 'DH_DSS', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x000f, 'DH_RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0012, 'DHE_DSS', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0015, 'DHE_RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0018, 'DH_anon', 'RC4_128_MD5'],
  [0x001a, 'DH_anon', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x001e, 'KRB5', 'DES_CBC_SHA 3DES_EDE_CBC_SHA RC4_128_SHA IDEA_CBC_SHA'],
  [0x0022, 'KRB5', 'DES_CBC_MD5 3DES_EDE_CBC_MD5 RC4_128_MD5 IDEA_CBC_MD5'],
  [0x002c, psk, 'NULL_SHA'],
  [0x002f, classic, 'AES_128_CBC_SHA'],
  [0x0035, classic, 'AES_256_CBC_SHA'],
  [0x003b, 'RSA', 'NULL_SHA256 AES_128_CBC_SHA256 AES_256_CBC_SHA256'],
  [0x003e, 'DH_DSS DH_RSA DHE_DSS', 'AES_128_CBC_SHA256'],
  [0x0041, classic, 'CAMELLIA_128_CBC_SHA'],
  [0x0067, 'DHE_RSA', 'AES_128_CBC_SHA256'],
  [0x0068, 'DH_DSS DH_RSA DHE_DSS DHE_RSA', 'AES_256_CBC_SHA256'],
  [0x006c, 'DH_anon', 'AES_128_CBC_SHA256 AES_256_CBC_SHA256'],
  [0x0084, classic, 'CAMELLIA_256_CBC_SHA'],
  [0x008a, psk, 'RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA'],
  [0x0096, classic, 'SEED_CBC_SHA'],
  [0x009c, gcm, 'AES_128_GCM_SHA256 AES_256_GCM_SHA384'],
  [0x00a8, psk, 'AES_128_GCM_SHA256 AES_256_GCM_SHA384'],
  [0x00ae, psk, 'AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA256 NULL_SHA384'],
  [0x00ba, classic, 'CAMELLIA_128_CBC_SHA256'],
  [0x00c0, classic, 'CAMELLIA_256_CBC_SHA256'],
  [
    0xc001,
    'ECDH_ECDSA ECDHE_ECDSA ECDH_RSA ECDHE_RSA ECDH_anon',
    'NULL_SHA RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA',
  ],
  [0xc01a, srp, '3DES_EDE_CBC_SHA'],
  [0xc01d, srp, 'AES_128_CBC_SHA'],
  [0xc020, srp, 'AES_256_CBC_SHA'],
  [0xc023, elliptic, 'AES_128_CBC_SHA256 AES_256_CBC_SHA384'],
  [0xc02b, elliptic, 'AES_128_GCM_SHA256 AES_256_GCM_SHA384'],
  [0xc033, 'ECDHE_PSK', 'RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA'],
  [0xc037, 'ECDHE_PSK', 'AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA NULL_SHA256 NULL_SHA384'],
  [0xc03c, `${classic} ${elliptic}`, 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc050, `${gcm} ${elliptic}`, 'ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384'],
  [0xc064, psk, 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc06a, psk, 'ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384'],
  [0xc070, 'ECDHE_PSK', 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc072, elliptic, 'CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384'],
  [0xc07a, `${gcm} ${elliptic} ${psk}`, 'CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384'],
  [0xc094, `${psk} ECDHE_PSK`, 'CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384'],
  [0xc09c, 'RSA DHE_RSA', 'AES_128_CCM AES_256_CCM'],
  [0xc0a0, 'RSA DHE_RSA', 'AES_128_CCM_8 AES_256_CCM_8'],
  [0xc0a4, 'PSK DHE_PSK', 'AES_128_CCM AES_256_CCM'],
  [0xc0a8, 'PSK PSK_DHE', 'AES_128_CCM_8 AES_256_CCM_8'],
  [0xc0ac, 'ECDHE_ECDSA', 'AES_128_CCM AES_256_CCM AES_128_CCM_8 AES_256_CCM_8'],
  [0xc100, 'GOSTR341112_256', 'KUZNYECHIK_CTR_OMAC MAGMA_CTR_OMAC 28147_CNT_IMIT'],
  [0xc103, 'GOSTR341112_256', 'KUZNYECHIK_MGM_L MAGMA_MGM_L KUZNYECHIK_MGM_S MAGMA_MGM_S'],
  [0xcca8, 'ECDHE_RSA ECDHE_ECDSA DHE_RSA PSK ECDHE_PSK DHE_PSK RSA_PSK', 'CHACHA20_POLY1305_SHA256'],
  [0xd001, 'ECDHE_PSK', 'AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_8_SHA256'],
  [0xd005, 'ECDHE_PSK', 'AES_128_CCM_SHA256'],
];

const singles: readonly [number, string][] = [
  [0x0000, 'TLS_NULL_WITH_NULL_NULL'],
  [0x0003, 'TLS_RSA_EXPORT_WITH_RC4_40_MD5'],
  [0x0006, 'TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5'],
  [0x0008, 'TLS_RSA_EXPORT_WITH_DES40_CBC_SHA'],
  [0x000b, 'TLS_DH_DSS_EXPORT_WITH_DES40_CBC_SHA'],
  [0x000e, 'TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA'],
  [0x0011, 'TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA'],
  [0x0014, 'TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA'],
  [0x0017, 'TLS_DH_anon_EXPORT_WITH_RC4_40_MD5'],
  [0x0019, 'TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA'],
  [0x00c6, 'TLS_SM4_GCM_SM3'],
  [0x00c7, 'TLS_SM4_CCM_SM3'],
  [0x00ff, 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV'],
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1304, 'TLS_AES_128_CCM_SHA256'],
  [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
  [0x1306, 'TLS_AEGIS_256_SHA512'],
  [0x1307, 'TLS_AEGIS_128L_SHA256'],
  [0x5600, 'TLS_FALLBACK_SCSV'],
  [0xc0b4, 'TLS_SHA256_SHA256'],
  [0xc0b5, 'TLS_SHA384_SHA384'],
];

/** All cipher suites whose names we know, by code point (IANA TLS Cipher Suites). */
export const cipherSuiteNames: ReadonlyMap<number, string> = new Map([...singles, ...runs.flatMap(suitesOf)]);

function suitesOf([first, exchanges, ciphers]: Run): [number, string][] {
  return exchanges
    .split(' ')
    .flatMap((exchange) => ciphers.split(' ').map((cipher) => `TLS_${exchange}_WITH_${cipher}`))
    .map((name, index) => [first + index, name]);
}

/** The registry's name of a cipher suite, `GREASE`, or its number in hexadecimal. */
export const cipherSuiteName = (suite: number): string =>
  cipherSuiteNames.get(suite) ?? (isGrease(suite) ? 'GREASE' : hex16(suite));
