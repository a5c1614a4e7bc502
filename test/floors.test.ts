import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

// The sources are a house: a file may import from lower floors and from its own folder, never from above.

/** Folders of src/ by floor; `index.ts` is the face, on which the optional parts stand. */
const floors: Readonly<Record<string, number>> = {
  wire: 0,
  crypto: 1,
  x509: 1,
  record: 2,
  messages: 2,
  extensions: 2,
  session: 2,
  handshake: 3,
  engine: 4,
  node: 5,
  https: 6,
  http2: 6,
  redis: 6,
  register: 6.5,
  cli: 6,
  'index.ts': 5.5,
};

/** Doors between folders of one floor, and whether anything but types goes through. */
const doors: Readonly<Record<string, 'types' | 'anything'>> = {
  'messages -> extensions': 'anything', // extensions are parts of messages
  'x509 -> crypto': 'types', // a signer's answer and key
  'crypto -> x509': 'types', // the keys of development certificates
};

/** Where modules that are not ours may be imported: prefixes of paths in src/. Others may be nowhere. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['crypto/node/', 'crypto/openssl/'],
  'node:module': ['crypto/node/', 'crypto/openssl/', 'register/'],
  '@noble/post-quantum/ml-kem.js': ['crypto/node/'],
  koffi: ['crypto/openssl/'],
  'lru-cache': ['session/'],
  'node:net': ['node/', 'http2/', 'cli/'],
  'node:v8': ['crypto/young-memory.ts'], // how large V8's space for what is young has become
  'node:tls': ['node/node-authorities.ts', 'register/'], // Node's list of root certificates; what register replaces
  'node:https': ['https/'],
  'node:http2': ['http2/', 'cli/'],
  // Everything else of Node's own: above the engine, which knows no sockets and no timers.
  'node:*': ['node/', 'https/', 'http2/', 'redis/', 'register/', 'cli/'],
};

interface Import {
  /** The importing file, from src/ on. */
  readonly from: string;
  /** A path from src/ on, or the name of a module that is not ours. */
  readonly to: string;
  readonly isOurs: boolean;
  readonly isType: boolean;
}

const root = fileURLToPath(new URL('../../src/', import.meta.url));
const declaration = /^(?:import|export)\s+(type\s+)?(?:[\w$\s{},*]*?\sfrom\s+)?'([^']+)'/gm;
const call = /(?:\bimport|\brequire(?:\.resolve)?|createRequire\(import\.meta\.url\))\(\s*'([^']+)'/g;
const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

function readImports(from: string): Import[] {
  const source = readFileSync(root + from, 'utf8').replaceAll(comments, '');
  const declared = [...source.matchAll(declaration)].map(([, type, name]) => ({ name: name!, isType: !!type }));
  const written = source.match(/^(?:import|export|\}).*\sfrom '[^']+';$/gm) ?? [];
  assert.ok(declared.length >= written.length, `${from}: this test does not understand all of its imports`);
  const called = [...source.matchAll(call)].map(([, name]) => ({ name: name!, isType: false }));
  return [...declared, ...called].map(({ name, isType }) => {
    const isOurs = name.startsWith('.');
    return { from, to: isOurs ? posix.join(posix.dirname(from), name) : name, isOurs, isType };
  });
}

const folder = (file: string): string => file.split('/')[0]!;

function breaksFloors({ from, to, isType }: Import): boolean {
  const [here, there] = [folder(from), folder(to)];
  if (here === there) return false;
  if (floors[here] === undefined || floors[there] === undefined) return true;
  if (floors[there] < floors[here]) return false;
  const door = doors[`${here} -> ${there}`];
  return !(door === 'anything' || (door === 'types' && isType));
}

function isMisplaced({ from, to }: Import): boolean {
  const places = foreign[to] ?? (to.startsWith('node:') ? foreign['node:*'] : undefined);
  return !places?.some((place) => from.startsWith(place));
}

/** A path that leads from a file back to itself, if there is one. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}

describe('the floors of the sources', () => {
  let files: string[];
  let imports: Import[];
  before(() => {
    files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((file) => file.split(sep).join('/'))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
    imports = files.flatMap(readImports);
  });
  const list = (offenders: readonly Import[]) => offenders.map(({ from, to }) => `src/${from} imports ${to}`);

  it('are read at all', () => {
    assert.ok(files.length > 80, `${files.length} files`);
    assert.ok(imports.length > 300, `${imports.length} imports`);
    const known = new Set(files);
    assert.deepEqual(list(imports.filter(({ to, isOurs }) => isOurs && !known.has(to))), [], 'imports of nothing');
  });

  it('every folder has one', () => {
    assert.deepEqual(
      [...new Set(files.map(folder))].filter((name) => floors[name] === undefined),
      [],
    );
  });

  it('imports lead down, or stay in their folder', () => {
    assert.deepEqual(list(imports.filter((entry) => entry.isOurs && breaksFloors(entry))), []);
  });

  it('modules that are not ours are imported only where they belong', () => {
    assert.deepEqual(list(imports.filter((entry) => !entry.isOurs && isMisplaced(entry))), []);
  });

  it('no file needs itself', () => {
    const graph = new Map(files.map((file): [string, string[]] => [file, []]));
    for (const { from, to, isOurs, isType } of imports) if (isOurs && !isType) graph.get(from)?.push(to);
    assert.deepEqual(findCycle(graph), undefined);
  });

  it('Buffer is not told of what it is over, which TypeScript before 5.7 does not know (`OwnBuffer` is)', () => {
    const text = (file: string): string => readFileSync(root + file, 'utf8');
    assert.deepEqual(
      files.filter((file) => text(file).includes('Buffer<')),
      [],
    );
  });
});
