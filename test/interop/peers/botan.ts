// Botan's tls_client. Debian 12 has Botan 2, which ends at TLS 1.2.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, type Group, type Peer, serverName } from '../model.ts';
import { versionOf } from '../process.ts';
import { runPipeClient } from './pipe-client.ts';

const groupNames: Partial<Record<Group, string>> = {
  X25519: 'x25519',
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

/** Botan chooses by a "policy" file. */
function policy(cell: Cell): string {
  const cipher = cell.suite.iana.includes('CHACHA20')
    ? 'ChaCha20Poly1305'
    : cell.suite.iana.includes('AES_256')
      ? 'AES-256/GCM'
      : 'AES-128/GCM';
  return [
    'allow_tls10 = false',
    'allow_tls11 = false',
    'allow_tls12 = true',
    `ciphers = ${cipher}`,
    'macs = AEAD',
    'key_exchange_methods = ECDH',
    `signature_methods = ${cell.credential === 'rsa' ? 'RSA' : 'ECDSA'}`,
    'signature_hashes = SHA-256 SHA-384 SHA-512',
    `key_exchange_groups = ${cell.group ? groupNames[cell.group] : Object.values(groupNames).join(' ')}`,
    'require_cert_revocation_info = false',
    'minimum_signature_strength = 110',
    '',
  ].join('\n');
}

export const botan: Peer = {
  name: 'Botan tls_client',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  groupBy: 'client',
  credentials: ['rsa', 'p256'],
  alpn: ['http/1.1', 'h2'],
  find: () => versionOf('botan', ['version'], /(\d+\.\d+\S*)/),
  run(cell, target) {
    const file = join(target.scratch, 'botan.policy');
    writeFileSync(file, policy(cell));
    const alpn = cell.alpn ? [`--next-protocols=${cell.alpn}`] : [];
    return runPipeClient(
      'botan',
      [
        ...['tls_client', serverName, `--port=${target.port}`, '--skip-system-cert-store'],
        ...[`--trusted-cas=${target.ca}`, `--policy=${file}`, ...alpn],
      ],
      'txt',
      target,
      { verified: 'Certificate validation status: Verified' },
    );
  },
};
