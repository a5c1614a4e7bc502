// OpenSSL's s_client.
import { type Cell, type Peer, serverName } from '../model.ts';
import { versionOf } from '../process.ts';
import { runPipeClient } from './pipe-client.ts';

function switches(cell: Cell): string[] {
  const suite =
    cell.suite.version === 'TLSv1.3'
      ? ['-tls1_3', '-ciphersuites', cell.suite.iana]
      : ['-tls1_2', '-cipher', cell.suite.openssl];
  const group = cell.group && cell.groupBy === 'client' ? ['-groups', cell.group] : [];
  return [...suite, ...group, ...(cell.alpn ? ['-alpn', cell.alpn] : [])];
}

export const openssl: Peer = {
  name: 'OpenSSL s_client',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  find: () => versionOf('openssl', ['version'], /OpenSSL (\S+)/),
  run: (cell, target) =>
    runPipeClient(
      'openssl',
      [
        ...['s_client', '-connect', `127.0.0.1:${target.port}`, '-servername', serverName, '-CAfile', target.ca],
        ...['-verify_return_error', '-verify_hostname', serverName, '-quiet', '-nocommands', ...switches(cell)],
      ],
      'bin',
      target,
    ),
};
