import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from '../../src/x509/verification/verify.ts';
import { isRollover, judgeByThem, judgeByUs, withPathAlone } from '../support/chain-judges.ts';
import { identity } from '../support/identities.ts';
import { makeScenario, type Scenario } from '../support/path-scenarios.ts';
import { useServerIdentity } from '../support/tls-judge.ts';

// Certificates at random, judged by us and by the server of node:tls. `TSLS_PATHS=10000 npm test differential` makes
// more of them, `TSLS_SEED` others; `npm run mutate-chains` asks `openssl verify` as well.

const count = Number(process.env.TSLS_PATHS ?? 400);
const seed = Number(process.env.TSLS_SEED ?? 5280);

/** Errors of ours and of node:tls that differ on purpose. */
const tolerated: ReadonlySet<string> = new Set([
  // Where a path ends without an issuer, older OpenSSL tries the CRL of somebody else with the last certificate's key.
  'UNABLE_TO_GET_CRL CRL_SIGNATURE_FAILURE',
  'UNABLE_TO_GET_CRL CERT_REVOKED',
  'UNABLE_TO_GET_CRL UNSPECIFIED',
]);

/** A flipped bit may spoil a certificate for one judge earlier than for the other; what counts is that both refuse. */
const mayDiffer = (us: string, them: string, { notes }: Scenario): boolean =>
  tolerated.has(`${us} ${them}`) ||
  (notes.includes('a bit is flipped') && us !== 'authorized' && them !== 'authorized');

describe(`${count} clients from seed ${seed}`, () => {
  useServerIdentity(identity('p256'));

  it('are judged as node:tls judges them, by the same error', { timeout: 3_600_000 }, async () => {
    const tally = { accepted: 0, refused: 0, unread: 0, otherPath: 0 };
    const differences: string[] = [];
    for (let i = 0; i < count; i++) {
      const scenario = makeScenario(seed * 1_000_003 + i);
      if (scenario === undefined) {
        tally.unread++;
        continue;
      }
      const ours = judgeByUs(scenario);
      let theirs = await judgeByThem(scenario);
      if (theirs === undefined) {
        tally.unread++;
        continue;
      }
      if (ours.authorized && !theirs.authorized) {
        // OpenSSL never goes back from a certificate that leads nowhere. The path that we found it accepts as well.
        tally.otherPath++;
        theirs = (await judgeByThem(withPathAlone(scenario, ours.path))) ?? theirs;
        if (!theirs.authorized && isRollover(theirs.code, ours.path)) theirs = { authorized: true };
      }
      tally[ours.authorized ? 'accepted' : 'refused']++;
      const [us, them] = [ours, theirs].map(outcomeOf);
      if (us !== them && !mayDiffer(us!, them!, scenario))
        differences.push(`${i}: ${us}, and not ${them}: ${scenario.notes.join('; ')}`);
    }
    assert.deepEqual(differences, []);
    assert.ok(tally.accepted > count / 10 && tally.refused > count / 4, JSON.stringify(tally));
    assert.ok(tally.unread < count / 5, JSON.stringify(tally));
  });
});

const outcomeOf = (judgement: Verdict | { authorized: boolean; code?: string }): string =>
  judgement.authorized ? 'authorized' : 'failure' in judgement ? judgement.failure.code : (judgement.code ?? '');
