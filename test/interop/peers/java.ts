// Java's JSSE.
import type { Group, Peer } from '../model.ts';
import { must, versionOf, which } from '../process.ts';
import { buildFolder, runOwnClient } from './own-client.ts';

const groupNames: Partial<Record<Group, string>> = {
  X25519: 'x25519',
  X448: 'x448',
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};
let classes = '';

export const java: Peer = {
  name: 'Java JSSE',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  async find() {
    if (!which('javac') || !which('java')) return undefined;
    const { folder, fresh, done } = buildFolder('java', ['Client.java']);
    classes = folder;
    if (!fresh) await must('javac', ['-d', folder, 'Client.java'], { cwd: folder, timeout: 120_000 });
    done();
    return versionOf('java', ['-version'], /version "([^"]+)"/);
  },
  run(cell, target) {
    const group = cell.group && cell.groupBy === 'client' ? [`-Djdk.tls.namedGroups=${groupNames[cell.group]}`] : [];
    const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
    return runOwnClient(['java', ...quick, ...group, '-cp', classes, 'Client'], cell, target);
  },
};
