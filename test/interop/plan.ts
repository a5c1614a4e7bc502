// Which connections a client makes: each version and suite with a fitting credential, each group once,
// each credential once, one HelloRetryRequest, each ALPN protocol once. Not their product.
import { type Cell, type Credential, credentials, type Group, groups, type Peer, type Suite, suites } from './model.ts';

const retry: Group = 'P-384';

const credentialColumns = { rsa: 'RSA-2048', p256: 'ECDSA P-256', ed25519: 'Ed25519' } as const;
export const suiteColumns = suites.map((s) => s.label);
export const otherColumns = [
  ...groups.map(String),
  'retry',
  ...credentials.map((c) => credentialColumns[c]),
  'http/1.1',
  'h2',
  'page',
];

/** The suite that the other axes are tested with: the first that the client speaks. */
function plainSuite(peer: Peer, credential: Credential): Suite {
  const suite = suites.find((s) => peer.suiteBy[s.version] && (s.version === 'TLSv1.3' || s.credential === credential));
  if (!suite) throw new Error(`${peer.name} speaks none of the suites with ${credential}`);
  return suite;
}

/** The cells of one client, in the order of the columns. */
export function plan(peer: Peer): Cell[] {
  const cells: Cell[] = [];
  for (const suite of suites) {
    const suiteBy = peer.suiteBy[suite.version];
    if (suiteBy) cells.push({ column: suite.label, suite, suiteBy, credential: suite.credential });
  }
  const plain = (column: string, credential: Credential, more: Partial<Cell> = {}): void => {
    const suite = plainSuite(peer, credential);
    cells.push({ column, suite, suiteBy: peer.suiteBy[suite.version] ?? 'client', credential, ...more });
  };
  // RFC 8422 section 5.1: in TLS 1.2 the groups also limit the curves of certificates, so RSA goes with them there.
  const beside: Credential = peer.suiteBy['TLSv1.3'] ? 'p256' : 'rsa';
  for (const group of peer.groups) plain(group, beside, { group, groupBy: peer.groupBy });
  // RFC 8446 section 4.1.4: clients guess X25519 or P-256 first, so a server with P-384 alone has to ask again.
  if (peer.suiteBy['TLSv1.3']) plain('retry', 'p256', { group: retry, groupBy: 'server' });
  for (const credential of peer.credentials) plain(credentialColumns[credential], credential);
  for (const alpn of peer.alpn ?? []) plain(alpn, 'p256', { alpn });
  return cells;
}
