// rustls, on AWS-LC.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from '../model.ts';
import { must, which } from '../process.ts';
import { buildFolder, runOwnClient } from './own-client.ts';

let program = '';

export const rustls: Peer = {
  name: 'rustls',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
  groups: ['X25519', 'P-256', 'P-384', 'X25519MLKEM768'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  async find() {
    if (!which('cargo')) return undefined;
    const { folder, fresh, done } = buildFolder('rust', ['Cargo.toml', 'Cargo.lock', 'src/main.rs']);
    program = join(folder, 'target', 'release', 'client');
    if (!fresh) await must('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: folder, timeout: 900_000 });
    done();
    const lock = readFileSync(join(folder, 'Cargo.lock'), 'utf8');
    return /name = "rustls"\nversion = "([^"]+)"/.exec(lock)?.[1] ?? 'unknown version';
  },
  run: (cell, target) => runOwnClient([program], cell, target),
};
