// NSS' tstclnt: the library of Firefox.
import { join } from 'node:path';
import { type Group, type Peer, serverName } from '../model.ts';
import { run, versionOf, which } from '../process.ts';
import { runPipeClient } from './pipe-client.ts';

const groupNames: Partial<Record<Group, string>> = {
  X25519: 'x25519',
  'P-256': 'P256',
  'P-384': 'P384',
  'P-521': 'P521',
};

/** tstclnt has no switch for its version; Debian's package and the library's own tool have. */
async function version(): Promise<string | undefined> {
  if (!which('tstclnt') || !which('certutil')) return undefined;
  const dpkg = which('dpkg-query');
  if (!dpkg) return 'unknown version';
  const { stdout } = await run(dpkg, ['-W', 'libnss3-tools']);
  return /(?:\d+:)?(\d+\.[\d.]+)/.exec(stdout.toString())?.[1] ?? versionOf('tstclnt', [], /version (\S+)/);
}

export const nss: Peer = {
  name: 'NSS tstclnt',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521'],
  groupBy: 'client',
  credentials: ['rsa', 'p256'],
  find: version,
  run(cell, target) {
    const range = cell.suite.version.replace('TLSv', 'tls');
    const group = cell.group && cell.groupBy === 'client' ? ['-I', groupNames[cell.group] ?? ''] : [];
    const suite = `:${cell.suite.code.toString(16).padStart(4, '0').toUpperCase()}`;
    return runPipeClient(
      'tstclnt',
      [
        ...['-4', '-h', serverName, '-p', `${target.port}`, '-d', `sql:${join(target.folder, 'nss')}`],
        ...['-V', `${range}:${range}`, '-c', suite, '-b', ...group],
      ],
      'txt',
      target,
    );
  },
};
