// Where sessions go on: real clients come to a server, and come back to the same or another, around the moment when
// ticket keys change.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ca } from '../../support/identities.ts';
import { RedisServer, skipsRedis } from '../../support/redis-server.ts';
import { clients } from './clients.ts';
import { carryOut, pairs, type Result, type World } from './matrix.ts';
import { type PlaceName, places } from './model.ts';
import { failures, markdown, type Table, terminal } from './report.ts';

const usage = `usage: npm run resumption -- [options]
  --only NAMES      these clients only: ${Object.keys(clients).join(', ')}
  --places WORDS    places with one of these words only: ${Object.keys(places).join(', ')}
  --require NAMES   fail if one of these clients is missing
  --jobs N          pairs of servers at a time (2)
  --markdown FILE   write the table as Markdown
`;

const list = (text = ''): string[] => text.split(',').filter((word) => word !== '');

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { only: text, places: text, require: text, jobs: text, markdown: text } });
  const [only, required] = [list(values.only), list(values.require)];
  for (const name of [...only, ...required])
    if (!Object.hasOwn(clients, name)) throw new Error(`there is no client ${name}`);
  const jobs = Number(values.jobs ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error('--jobs is a whole number from 1');
  return { only, required, jobs, places: list(values.places), markdown: values.markdown };
}

type Options = ReturnType<typeof readOptions>;

const isWanted = (place: PlaceName, { places }: Options): boolean =>
  places.length === 0 || places.some((word) => place.includes(word));

async function find({ only }: Options): Promise<Table['clients']> {
  const names = Object.keys(clients).filter((name) => only.length === 0 || only.includes(name));
  return Promise.all(names.map(async (name) => ({ client: clients[name]!, version: await clients[name]!.find() })));
}

async function work(here: Table['clients'], options: Options, world: World): Promise<Result[]> {
  const results: Result[] = [];
  const present = here.filter(({ version }) => version !== undefined).map(({ client }) => client);
  const queue = [...pairs()].filter(({ place }) => isWanted(place, options));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const found = await carryOut(present, next.place, next.moment, next.isTicket, world);
      process.stderr.write(found.some(({ faults }) => faults.length > 0) ? 'F' : '.');
      results.push(...found);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  process.stderr.write('\n');
  return results;
}

async function main(options: Options): Promise<number> {
  if (skipsRedis) {
    console.error(skipsRedis);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'tsls-resumption-'));
  await using redis = await RedisServer.start();
  try {
    const world = { redis: redis.path, ca: join(folder, 'ca.pem'), earlyData: join(folder, 'early'), folder };
    writeFileSync(world.ca, ca);
    writeFileSync(world.earlyData, 'early\n');
    const here = await find(options);
    const table = { clients: here, results: await work(here, options, world) };
    console.log(terminal(table));
    if (options.markdown !== undefined) writeFileSync(options.markdown, markdown(table));
    const absent = options.required.filter((name) => !here.some((h) => h.client === clients[name] && h.version));
    if (absent.length > 0) console.error(`required clients are missing: ${absent.join(', ')}`);
    if (table.results.length === 0) console.error('nobody came back');
    return failures(table).length > 0 || absent.length > 0 || table.results.length === 0 ? 1 : 0;
  } finally {
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
process.exit(await main(options));
