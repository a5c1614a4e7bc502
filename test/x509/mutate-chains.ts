// Certificates at random, right ones and wrong ones, before three judges: `npm run mutate-chains -- --count 10000`. It
// ends with 1 if ever we accept a client whom the server of node:tls or `openssl verify -x509_strict` refuses.
import { parseArgs } from 'node:util';
import type { Verdict } from '../../src/x509/verification/verify.ts';
import { isRollover, judgeByThem, judgeByUs, OpenSslJudge, withPathAlone } from '../support/chain-judges.ts';
import { identity } from '../support/identities.ts';
import { makeScenario, type Scenario } from '../support/path-scenarios.ts';
import { useServerIdentity } from '../support/tls-judge.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { count: text, seed: text } });
const [count, seed] = [Number(values.count ?? 10_000), Number(values.seed ?? 5280)];
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
  console.error('usage: npm run mutate-chains -- [--count N] [--seed N]');
  process.exit(2);
}

const tally = {
  unread: 0,
  'accepted by us and node:tls': 0,
  'refused by us and node:tls': 0,
  'refused by us alone': 0,
  'accepted by us, another path than that of node:tls': 0,
  'accepted by us (strict) and openssl verify': 0,
  'refused by us (strict) and openssl verify': 0,
  'refused by us (strict) alone': 0,
};
const falseAccepts: string[] = [];
const openssl = new OpenSslJudge();

async function holdAgainstNode(scenario: Scenario, ours: Verdict): Promise<string | undefined> {
  let theirs = await judgeByThem(scenario);
  if (theirs === undefined) {
    tally.unread++;
    return undefined;
  }
  if (!ours.authorized) {
    tally[theirs.authorized ? 'refused by us alone' : 'refused by us and node:tls']++;
    return undefined;
  }
  if (!theirs.authorized) {
    tally['accepted by us, another path than that of node:tls']++;
    theirs = (await judgeByThem(withPathAlone(scenario, ours.path))) ?? theirs;
    if (!theirs.authorized && !isRollover(theirs.code, ours.path)) return `node:tls says ${theirs.code}`;
    return undefined;
  }
  tally['accepted by us and node:tls']++;
  return undefined;
}

function holdAgainstOpenSsl(scenario: Scenario): string | undefined {
  const ours = judgeByUs(scenario, true);
  const theirs = openssl.judge(scenario);
  if (!ours.authorized) {
    tally[theirs === undefined ? 'refused by us (strict) alone' : 'refused by us (strict) and openssl verify']++;
    return undefined;
  }
  const fault = theirs && openssl.judge(withPathAlone(scenario, ours.path));
  tally['accepted by us (strict) and openssl verify']++;
  // Error 7 is a signature that does not verify.
  const isRolled = fault?.startsWith('error 7 ') && isRollover('CERT_SIGNATURE_FAILURE', ours.path);
  return fault && !isRolled ? `openssl verify says ${fault}` : undefined;
}

useServerIdentity(identity('p256'));
console.log(
  `${count} clients from seed ${seed}; Node ${process.versions.node}, OpenSSL ${process.versions.openssl}; ${openssl.version ?? 'no openssl command'}`,
);
for (let i = 0; i < count; i++) {
  const scenario = makeScenario(seed * 1_000_003 + i);
  if (scenario === undefined) {
    tally.unread++;
    continue;
  }
  const complaints = [
    await holdAgainstNode(scenario, judgeByUs(scenario)),
    openssl.version ? holdAgainstOpenSsl(scenario) : undefined,
  ];
  for (const complaint of complaints) {
    if (complaint) falseAccepts.push(`${i}: we accept, ${complaint}: ${scenario.notes.join('; ')}`);
  }
  if ((i + 1) % 1000 === 0) process.stderr.write(`${i + 1} `);
}
openssl.close();
console.log(
  `\n${Object.entries(tally)
    .map(([what, number]) => `${`${number}`.padStart(8)}  ${what}`)
    .join('\n')}`,
);
console.log(falseAccepts.length === 0 ? 'No false accept.' : falseAccepts.join('\n'));
process.exit(falseAccepts.length === 0 ? 0 : 1);
