// What the verification of certificates costs: `npm run bench -- --only validation`. CPU time of this process.
import { opensslVerifier } from './openssl-verify.ts';
import type { OwnBenchmark } from './own.ts';
import { hostileInputs, judgeUsual, usualChain } from './pathological.ts';

/** No input of a client's may cost more, in milliseconds of CPU. */
const bound = 50;

/** Milliseconds of CPU, of all threads: the median of `rounds` runs, after one that does not count. */
function cost(run: () => unknown, rounds: number, runs = 1): number {
  run();
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < runs; i++) run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / runs;
  });
  return times.sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
}

/** Measures everything, and whether all of it is within the bound. */
export const measureValidation: OwnBenchmark = async ({ rounds }) => {
  const usual = usualChain();
  const ours = cost(judgeUsual(usual), rounds, 100);
  const verifier = opensslVerifier(
    usual.chain.map(({ der }) => der),
    usual.root.der,
  );
  const theirs = verifier && cost(verifier, rounds, 100);
  const rows = [['input', 'what comes of it', 'CPU', 'bound', 'verdict']];
  let isGood = true;
  for (const { name, run } of hostileInputs()) {
    const milliseconds = cost(run, rounds);
    isGood &&= milliseconds <= bound;
    const verdict = milliseconds <= bound ? 'met' : 'MISSED';
    rows.push([name, run(), `${milliseconds.toFixed(2)} ms`, `<= ${bound} ms`, verdict]);
  }
  const beside =
    theirs === undefined
      ? 'OpenSSL is out of reach here (koffi)'
      : `OpenSSL's X509_verify_cert ${(theirs * 1000).toFixed(0)} µs: ratio ${(ours / theirs).toFixed(2)}`;
  const line = `A chain of three certificates (P-256), read and verified: tsls ${(ours * 1000).toFixed(0)} µs, ${beside}.`;
  return { title: `Verification of certificates (OpenSSL ${process.versions.openssl})`, rows, note: line, isGood };
};
