// GnuTLS' gnutls-cli.
import { join } from 'node:path';
import { type Cell, type Group, type Peer, serverName } from '../model.ts';
import { versionOf } from '../process.ts';
import { runPipeClient } from './pipe-client.ts';

const groupNames: Partial<Record<Group, string>> = {
  X25519: 'X25519',
  X448: 'X448',
  'P-256': 'SECP256R1',
  'P-384': 'SECP384R1',
  'P-521': 'SECP521R1',
};

/** GnuTLS chooses by "priority strings": NORMAL, less all of a kind, plus the one wanted. */
function priority(cell: Cell): string {
  const cipher = cell.suite.iana.includes('CHACHA20')
    ? 'CHACHA20-POLY1305'
    : cell.suite.iana.includes('AES_256')
      ? 'AES-256-GCM'
      : 'AES-128-GCM';
  const parts = ['NORMAL', '-VERS-ALL', `+VERS-${cell.suite.version.replace('v', '')}`, '-CIPHER-ALL', `+${cipher}`];
  if (cell.suite.version === 'TLSv1.2')
    parts.push('-KX-ALL', `+ECDHE-${cell.suite.credential === 'rsa' ? 'RSA' : 'ECDSA'}`);
  if (cell.group && cell.groupBy === 'client') parts.push('-GROUP-ALL', `+GROUP-${groupNames[cell.group]}`);
  return parts.join(':');
}

export const gnutls: Peer = {
  name: 'GnuTLS gnutls-cli',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  find: () => versionOf('gnutls-cli', ['--version'], /gnutls-cli (\S+)/),
  run: (cell, target) =>
    // gnutls-cli writes its output byte by byte, which a pipe bears well and the socket of a child process does not.
    runPipeClient(
      'sh',
      [
        ...['-c', '"$0" "$@" | cat', 'gnutls-cli'],
        ...['--port', `${target.port}`, '--x509cafile', target.ca, '--sni-hostname', serverName],
        ...['--verify-hostname', serverName, '--priority', priority(cell)],
        ...['--logfile', join(target.scratch, 'gnutls.log'), ...(cell.alpn ? ['--alpn', cell.alpn] : []), '127.0.0.1'],
      ],
      'txt',
      target,
    ),
};
