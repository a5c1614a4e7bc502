// Python's ssl module, which is OpenSSL with a face of its own: the suites of TLS 1.3 are the server's to choose.
import type { Peer } from '../model.ts';
import { versionOf } from '../process.ts';
import { clientSource, runOwnClient } from './own-client.ts';

export const python: Peer = {
  name: 'Python ssl',
  mode: 'echo',
  suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'server' },
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  groupBy: 'client',
  credentials: ['rsa', 'p256', 'ed25519'],
  alpn: ['http/1.1', 'h2'],
  find: () => versionOf('python3', ['--version'], /Python (\S+)/),
  run: (cell, target) => runOwnClient(['python3', clientSource('python/client.py')], cell, target),
};
