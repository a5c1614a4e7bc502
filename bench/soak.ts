// The soak: very many handshakes and bytes through one server process, and what it holds in between.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../test/interop/certificates.ts';
import { Child } from './child.ts';
import { aligned, markdownTable } from './report.ts';
import type { SoakSample, SoakSetup, SoakWork } from './soak-protocol.ts';

const usage = `usage: npm run soak -- [options]
  --handshakes N     how many (20,000); half of them resume a session, one in 50 more is broken off or rubbish
  --gigabytes M      how many, 10^9 bytes each (2); half of them up, half of them down
  --steps N          in how many steps, with a line for each (20)
  --node PATH        the Node that runs the server (this one)
  --provider NAME    node or openssl (openssl)
  --markdown FILE    write the table as Markdown
`;

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { handshakes: text, gigabytes: text, steps: text, node: text, provider: text, markdown: text },
  });
  const number = (name: 'handshakes' | 'gigabytes' | 'steps', fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (!(value >= 0)) throw new Error(`--${name} is a number`);
    return value;
  };
  return {
    handshakes: number('handshakes', 20_000),
    gigabytes: number('gigabytes', 2),
    steps: Math.max(1, Math.floor(number('steps', 20))),
    node: values.node ?? process.execPath,
    provider: values.provider ?? 'openssl',
    markdown: values.markdown,
  };
}
type Options = ReturnType<typeof readOptions>;

const headings = ['handshakes', 'resumed', 'failed', 'GB', 'RSS', 'heap', 'external', 'handles', 'fds', 'open', 's'];

function row(sample: SoakSample, seconds: number): string[] {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const { secured, resumed, failed, sent, received, rss, heapUsed, external, handles, descriptors } = sample;
  return [
    ...[secured, resumed, failed].map(String),
    ((sent + received) / 1e9).toFixed(1),
    ...[rss, heapUsed, external].map(mebibytes),
    ...[handles, descriptors, sample.connections].map(String),
    seconds.toFixed(0),
  ];
}

async function soak(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-soak-'));
  await makeCertificates(folder);
  const setup: SoakSetup = { key: join(folder, 'p256.key'), cert: join(folder, 'p256.pem') };
  const { node, provider, steps } = options;
  const server = new Child('./soak-server.js', [JSON.stringify(setup)], { node, provider });
  const load = new Child('./soak-load.js');
  try {
    const { port } = await server.next<{ port: number }>();
    const handshakes = Math.ceil(options.handshakes / steps);
    const bytes = Math.ceil((options.gigabytes * 1e9) / steps / 2);
    const work: SoakWork = { port, ca: join(folder, 'ca.pem'), handshakes, bytes };
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    const title = `Node ${version}, cryptography by ${provider}; MiB after a garbage collection`;
    console.log(`${title}\n\n${headings.join('\t')}`);
    const rows = [headings];
    const began = performance.now();
    let last: SoakSample | undefined;
    for (let step = 0; step < steps; step++) {
      await load.ask(work);
      last = await server.ask<SoakSample>({});
      const line = row(last, (performance.now() - began) / 1000);
      rows.push(line);
      console.log(line.join('\t'));
    }
    console.log(`\n${aligned(rows)}\n\nFailures by code: ${JSON.stringify(last?.failures)}`);
    if (options.markdown) writeFileSync(options.markdown, `${title}\n\n${markdownTable(rows)}\n`);
  } finally {
    server.stop();
    load.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
await soak(options);
