// curl: posts the MiB and gets it back, over HTTP/2 unless told otherwise.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, type Peer, serverName } from '../model.ts';
import { must, versionOf } from '../process.ts';

function switches(cell: Cell): string[] {
  const suite =
    cell.suite.version === 'TLSv1.3'
      ? ['--tlsv1.3', '--tls13-ciphers', cell.suite.iana]
      : ['--tlsv1.2', '--tls-max', '1.2', '--ciphers', cell.suite.openssl];
  const group = cell.group && cell.groupBy === 'client' ? ['--curves', cell.group] : [];
  return [...suite, ...group, cell.alpn === 'http/1.1' ? '--http1.1' : '--http2'];
}

export const curl: Peer = {
  name: 'curl',
  mode: 'http',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  find: () => versionOf('curl', ['--version'], /curl (\S+)/),
  async run(cell, target) {
    const out = join(target.scratch, 'curl.out');
    const address = ['--resolve', `${serverName}:${target.port}:127.0.0.1`, '--noproxy', '*'];
    await must('curl', [
      ...['-q', '--silent', '--show-error', '--fail', '--cacert', target.ca, ...address, ...switches(cell)],
      ...['--data-binary', `@${join(target.folder, 'payload.bin')}`, '--output', out],
      `https://${serverName}:${target.port}/`,
    ]);
    return { received: createHash('sha256').update(readFileSync(out)).digest('hex'), sent: 'bin' };
  },
};
