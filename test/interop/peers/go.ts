// Go's crypto/tls, whose TLS 1.3 suites are the server's to choose.
import { join } from 'node:path';
import type { Peer } from '../model.ts';
import { must, versionOf, which } from '../process.ts';
import { buildFolder, runOwnClient } from './own-client.ts';

let program = '';

export const go: Peer = {
  name: 'Go crypto/tls',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'server' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X25519MLKEM768'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  async find() {
    if (!which('go')) return undefined;
    const { folder, fresh, done } = buildFolder('go', ['go.mod', 'main.go']);
    program = join(folder, 'client');
    if (!fresh) await must('go', ['build', '-o', program, '.'], { cwd: folder, timeout: 300_000 });
    done();
    return versionOf('go', ['version'], /go(\d\S*)/);
  },
  run: (cell, target) => runOwnClient([program], cell, target),
};
