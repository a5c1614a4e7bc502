// Headless Chromium: loads a page whose script moves the MiB. Suites and groups are the server's to choose.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyPin } from '../certificates.ts';
import { type Peer, serverName, type Target } from '../model.ts';
import { type Finished, must, versionOf, which, words } from '../process.ts';

const program = (): string | undefined => ['chromium', 'chromium-browser', 'google-chrome'].find((p) => which(p));

/** Runs Chromium once, in a profile of its own, trusting the keys of the pins. */
export function runChromium(scratch: string, pins: readonly string[], args: readonly string[]): Promise<Finished> {
  const quiet = [
    'background-networking',
    'component-update',
    'sync',
    'gpu',
    'quic',
    'extensions',
    'breakpad',
    'dev-shm-usage',
  ];
  return must(
    program() ?? 'chromium',
    [
      ...['--headless', '--no-sandbox', '--no-first-run', '--no-default-browser-check', '--hide-scrollbars'],
      ...quiet.map((what) => `--disable-${what}`),
      ...['--metrics-recording-only', '--no-proxy-server', `--host-resolver-rules=MAP ${serverName} 127.0.0.1`],
      `--user-data-dir=${join(scratch, 'profile')}`,
      `--ignore-certificate-errors-spki-list=${pins.join(',')}`,
      ...args,
    ],
    { timeout: 60_000, env: { HOME: scratch } },
  );
}

/** The pin of a cell's certificate. */
const pins = (target: Target, credential: string): string[] => [
  keyPin(readFileSync(join(target.folder, `${credential}.pem`))),
];

export const chromium: Peer = {
  name: 'Chromium',
  mode: 'http',
  suiteBy: { 'TLSv1.2': 'server', 'TLSv1.3': 'server' },
  groups: ['X25519', 'P-256', 'P-384', 'X25519MLKEM768'],
  groupBy: 'server',
  credentials: ['rsa', 'p256'],
  alpn: ['h2'],
  find: async () => (program() ? versionOf(program() ?? '', ['--version'], /Chrom\w+ (\S+)/) : undefined),
  async run(cell, target) {
    const url = `https://${serverName}:${target.port}/`;
    const args = ['--virtual-time-budget=10000', '--dump-dom', url];
    const result = await runChromium(target.scratch, pins(target, cell.credential), args);
    const text = /<p id="result">([^<]*)</.exec(result.stdout.toString('utf8'))?.[1];
    if (!text?.startsWith('done ')) throw new Error(`the page says: ${text ?? words(result)}`);
    const facts = JSON.parse(text.slice(5)) as { received: string; protocol: string };
    if (facts.protocol !== 'h2') throw new Error(`the page was loaded over ${facts.protocol}, not h2`);
    return { received: facts.received, sent: 'bin' };
  },
};
