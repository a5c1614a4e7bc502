// The command line of `npm run interop`.
import { parseArgs } from 'node:util';
import { type ImplementationName, implementationName } from './implementation.ts';
import { peers } from './peers/index.ts';

export const usage = `usage: npm run interop -- [options]
  --implementation tsls|node   the server under test (tsls); node is node:tls, to try the harness itself
  --node PATH                  the Node that runs the server (this one)
  --only NAMES                 run these clients only: ${Object.keys(peers).join(', ')}
  --columns NAMES              run these columns only, such as "1.3 AES-128,X448"
  --remote-key                 the server's keys are in processes of their own (docs/REMOTE_KEYS.md)
  --require NAMES              fail if one of these clients is missing
  --require-all                fail if any client is missing
  --jobs N                     cells at a time (2)
  --json FILE                  write the results as JSON
  --markdown FILE              write the table as Markdown
  --screenshot FILE            look at the page of the tsls command with Chromium and keep the picture
`;

export interface Options {
  readonly implementation: ImplementationName;
  readonly node: string;
  readonly only: readonly string[];
  readonly columns: readonly string[];
  readonly remoteKey: boolean;
  readonly require: readonly string[];
  readonly jobs: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly screenshot?: string;
}

const words = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((w) => w.trim())
    .filter((w) => w !== '');

/** Reads the command line. @throws on unknown options and client names. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ implementation: text, node: text, only: text, columns: text, require: text, jobs: text },
      ...{ json: text, markdown: text, screenshot: text, 'require-all': { type: 'boolean' } },
      ...{ 'remote-key': { type: 'boolean' } },
    },
  });
  const names = Object.keys(peers);
  const required = values['require-all'] ? names : words(values.require);
  for (const name of [...words(values.only), ...required])
    if (!names.includes(name)) throw new Error(`there is no client ${name}`);
  return {
    implementation: implementationName(values.implementation ?? 'tsls'),
    node: values.node ?? process.env.NODE ?? process.execPath,
    only: words(values.only),
    columns: words(values.columns),
    remoteKey: values['remote-key'] === true,
    require: required,
    jobs: Number(values.jobs ?? 2),
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
    ...(values.screenshot === undefined ? {} : { screenshot: values.screenshot }),
  };
}
