// What is to be reached, by provider of cryptography. Goals are ratios to the other side: of costs at most, of rates at least.
import type { Provider } from './cases.ts';

/** What a goal is for; several rows may share one. */
export type GoalName =
  | 'handshake'
  | 'rsa'
  | 'resumed'
  | 'download'
  | 'upload'
  | 'ping'
  | 'memory'
  | 'burst'
  | 'requests'
  | 'nginx handshake'
  | 'nginx download';

const goals: Readonly<Record<GoalName, Readonly<Record<Provider, number>>>> = {
  handshake: { openssl: 0.75, node: 1.0 },
  rsa: { openssl: 0.5, node: 0.6 },
  resumed: { openssl: 0.8, node: 1.05 },
  download: { openssl: 0.8, node: 1.6 },
  upload: { openssl: 0.85, node: 1.5 },
  ping: { openssl: 0.85, node: 1.35 },
  memory: { openssl: 0.25, node: 0.25 },
  burst: { openssl: 0.1, node: 0.1 },
  requests: { openssl: 1.1, node: 0.9 },
  'nginx handshake': { openssl: 1.0, node: 1.0 },
  'nginx download': { openssl: 1.2, node: 1.2 },
};

/** What concerns neither the cost of cryptography nor that of JavaScript, and is the same on every Node. */
const everywhere: ReadonlySet<GoalName> = new Set(['memory', 'burst', 'nginx handshake', 'nginx download']);
/** By how much Node 20, whose V8 is the oldest, may fall short with `openssl`. */
const allowance = 0.15;

/** The ratio to reach; where `isRate`, at least, otherwise at most. `version`: Node's, as `v24.1.0`. */
export function goalOf(name: GoalName, provider: Provider, version: string, isRate: boolean): number {
  const goal = goals[name][provider];
  if (provider !== 'openssl' || !version.startsWith('v20.') || everywhere.has(name)) return goal;
  return isRate ? goal - allowance : goal + allowance;
}
