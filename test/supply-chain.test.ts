import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
  readonly types: string;
  readonly typesVersions: object;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly provenance?: boolean };
}

// Compiled, this file is in build/test/, two folders below the root.
const read = <T>(name: string): T =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')) as T;
const manifest = read<Manifest>('package.json');
const locked = Object.entries(
  read<{ packages: Readonly<Record<string, LockedPackage>> }>('package-lock.json').packages,
).filter(([path]) => path !== '');

describe('what comes with tsls', () => {
  it('has types where TypeScript does not look at `exports`', () => {
    const { exports, types, typesVersions } = manifest;
    assert.equal(types, exports['.']?.types);
    const parts = Object.entries(exports).filter(([name]) => name !== '.' && !name.endsWith('.json'));
    assert.deepEqual(typesVersions, {
      '*': Object.fromEntries(parts.map(([name, at]) => [name.slice(2), [at.types]])),
    });
  });

  it('is one package, and nothing that is optional comes unasked', () => {
    assert.deepEqual(Object.keys(manifest.dependencies), ['lru-cache']);
    assert.equal(manifest.optionalDependencies, undefined);
    for (const name of Object.keys(manifest.peerDependencies)) {
      assert.equal(manifest.peerDependenciesMeta[name]?.optional, true, name);
    }
    const runtime = locked.filter(([, { dev }]) => dev !== true).map(([path]) => path);
    assert.deepEqual(runtime, ['node_modules/lru-cache']);
  });

  it('runs no script when it is installed', () => {
    assert.deepEqual(
      locked.filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript),
      [],
    );
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.equal(manifest.scripts[name], undefined, name);
    }
  });

  it('is locked by its hash, exactly, and from the registry', () => {
    assert.ok(locked.length > 50, `${locked.length} packages`);
    for (const [path, { integrity, resolved, link, dev, optional, cpu }] of locked) {
      // Binaries of our tools for other platforms: npm leaves their hashes out where it has not fetched them.
      const isForeign = dev === true && optional === true && cpu !== undefined;
      if (integrity !== undefined || !isForeign) assert.match(integrity ?? '', /^sha512-[\w+/]+={0,2}$/, path);
      assert.ok(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/'), path);
      assert.notEqual(link, true, path);
    }
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
    }
  });

  it('is to be published with its provenance', () => assert.equal(manifest.publishConfig.provenance, true));
});
