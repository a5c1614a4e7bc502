import type { SecureContextOptions } from '../../src/index.ts';
import type { ShimFlags } from './shim-flags.ts';

const aes256 = 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384';
const aes128 = 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
const sha384 = 'rsa_pkcs1_sha384:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384';
const sha512 = 'rsa_pkcs1_sha512:rsa_pss_rsae_sha512';
const sha256 = 'rsa_pkcs1_sha256:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256';

/** BoringSSL's compliance policies, in the options with which a user of tsls would keep to them. */
const policies: Readonly<Record<string, SecureContextOptions>> = {
  '-fips-202205': {
    ciphers: `${aes256}:${aes128}`,
    ecdhCurve: 'P-256:P-384',
    sigalgs: `${sha256}:${sha384}:${sha512}`,
  },
  '-wpa-202304': { ciphers: aes256, ecdhCurve: 'P-384', sigalgs: `${sha384}:${sha512}` },
  '-cnsa-202407': { ciphers: `${aes256}:${aes128}:TLS_CHACHA20_POLY1305_SHA256`, honorCipherOrder: true },
  '-cnsa1-202603': { ciphers: aes256, ecdhCurve: 'P-384', sigalgs: sha384 },
};

/** The options of the policies that the flags name. */
export const policyOptions = (flags: ShimFlags): SecureContextOptions =>
  Object.assign(
    {},
    ...Object.keys(policies)
      .filter((flag) => flags.has(flag))
      .map((flag) => policies[flag]),
  );
