import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

// Compiled, this file is in build/test/, two folders below the root.
const root = fileURLToPath(new URL('../../', import.meta.url));
const features = readFileSync(`${root}docs/FEATURES.md`, 'utf8');
const paths = (text: string): string[] => [
  ...new Set(Array.from(text.matchAll(/`((?:src|test|bench|scripts|docs|\.ci)\/[^`\s]+)`/g), ([, path]) => path!)),
];

describe('the documents', () => {
  for (const name of [
    'docs/FEATURES.md',
    'docs/LIMITS.md',
    'docs/DECISIONS.md',
    'docs/THREAT_MODEL.md',
    'docs/RELIABILITY.md',
    'CONTRIBUTING.md',
  ]) {
    it(`${name} names only files that exist`, () => {
      const named = paths(readFileSync(root + name, 'utf8'));
      assert.ok(named.length > 3, `${named.length} paths`);
      assert.deepEqual(
        named.filter((path) => !existsSync(root + path)),
        [],
      );
    });
  }

  it('docs/FEATURES.md names every extension and every message', () => {
    const files = ['src/extensions', 'src/messages'].flatMap((folder) =>
      readdirSync(root + folder)
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => `${folder}/${file}`),
    );
    const named = new Set(paths(features));
    assert.deepEqual(
      files.filter((file) => !named.has(file)),
      [],
    );
  });

  it('their links lead somewhere', () => {
    const broken = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].flatMap((name) =>
      Array.from(readFileSync(root + name, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, path]) => path!).filter(
        (path) => !existsSync(root + path),
      ),
    );
    assert.deepEqual(broken, []);
  });
});
