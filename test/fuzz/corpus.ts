import { readdirSync, readFileSync } from 'node:fs';
import { certificatesOfPem } from '../../src/x509/pem.ts';

// What real programs sent and real tools wrote: the recordings of test/fuzz/corpus, and the fixtures of other tests.

const corpus = new URL('../../../test/fuzz/corpus/', import.meta.url);
const fixtures = new URL('../../../test/fixtures/', import.meta.url);

/** A recording: a title after `# `, and its bytes in hexadecimal below it. */
export interface Recording {
  readonly title: string;
  readonly bytes: Uint8Array;
}

/** The recordings in a file of the corpus. */
export function readRecordings(name: string): readonly Recording[] {
  const blocks = readFileSync(new URL(name, corpus), 'utf8').split(/^# /m).slice(1);
  return blocks.map((block) => {
    const end = block.indexOf('\n');
    const bytes = new Uint8Array(Buffer.from(block.slice(end).replace(/\s+/g, ''), 'hex'));
    return { title: block.slice(0, end), bytes };
  });
}

/** The text of recordings, as `readRecordings` reads it. */
export const writeRecordings = (recordings: readonly Recording[]): string =>
  recordings
    .map(({ title, bytes }) => {
      const lines =
        Buffer.from(bytes)
          .toString('hex')
          .match(/.{1,120}/g) ?? [];
      return `# ${title}\n${lines.join('\n')}\n`;
    })
    .join('\n');

/** The bytes of all fixtures in a folder whose names end so. */
export const readFixtures = (folder: string, ending: string): readonly Uint8Array[] =>
  readdirSync(new URL(`${folder}/`, fixtures))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => new Uint8Array(readFileSync(new URL(`${folder}/${name}`, fixtures))));

/** The certificates of all fixtures, in DER. */
export const readCertificates = (): readonly Uint8Array[] =>
  ['certificates', 'ocsp'].flatMap((folder) => readFixtures(folder, '.pem').flatMap(certificatesOfPem));
