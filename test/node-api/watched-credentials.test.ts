import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type SecureContext, type WatchOptions, watchCredentials } from '../../src/index.ts';
import { type Identity, makeIdentity } from '../support/identities.ts';
import { connect, type Listening, listen } from '../support/tls-pair.ts';

const [first, second, third] = [1, 2, 3].map(() => makeIdentity('p256')) as [Identity, Identity, Identity];
const names = new Map([first, second, third].map(({ cert }, i) => [new X509Certificate(cert).fingerprint256, i + 1]));

/** Which of the three identities a server shows: 1, 2 or 3. */
async function shownBy({ port }: Listening, servername = 'localhost'): Promise<number | undefined> {
  const socket = await connect(port, { servername, rejectUnauthorized: false });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return names.get(fingerprint256);
}

/** A folder of its own with `key.pem` and `cert.pem`, and what was heard of them. */
function makeFolder(name = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tsls-'));
  const path = (file: string): string => join(folder, name, file);
  const heard = new EventEmitter();
  const errors: (Error & { code?: string })[] = [];
  const contexts: SecureContext[] = [];
  return {
    folder,
    path,
    errors,
    contexts,
    options: {
      key: path('key.pem'),
      cert: path('cert.pem'),
      onChange: (context) => {
        contexts.push(context);
        heard.emit('change');
      },
      onError: (error) => {
        errors.push(error);
        heard.emit('failure');
      },
      interval: 600_000, // nothing may depend on it
    } satisfies WatchOptions,
    changed: () => once(heard, 'change'),
    failed: () => once(heard, 'failure'),
    /** Replaces a file in one step, as careful tools do. */
    replace(file: string, content: string): void {
      writeFileSync(path(`.${file}.new`), content);
      renameSync(path(`.${file}.new`), path(file));
    },
    put({ key, cert }: Identity): void {
      this.replace('key.pem', key);
      this.replace('cert.pem', cert);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

describe('watchCredentials', () => {
  // It keeps no process alive, which these tests need to be.
  let alive: NodeJS.Timeout;
  before(() => {
    alive = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(alive));

  it('gives servers new credentials when files are replaced, and leaves connections alone', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials(files.options);
    await using at = await listen({ secureContext: watched.secureContext, key: undefined, cert: undefined });
    watched.attach(at.server);
    assert.equal(await shownBy(at), 1);
    const accepted = at.nextSocket();
    const earlier = await connect(at.port);
    const changed = files.changed();
    files.put(second);
    await changed;
    assert.equal(await shownBy(at), 2);
    assert.equal(watched.secureContext, files.contexts[0]);
    (await accepted).end('still here');
    assert.equal(String((await once(earlier, 'data'))[0]), 'still here');
    assert.deepEqual(files.errors, []);
    watched.close();
  });

  it('sees what is written in place', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials({ ...files.options, key: pathToFileURL(files.path('key.pem')) });
    await using at = await listen();
    watched.attach(at.server);
    const changed = files.changed();
    writeFileSync(files.path('key.pem'), second.key);
    writeFileSync(files.path('cert.pem'), second.cert);
    await changed;
    assert.equal(await shownBy(at), 2);
    watched.close();
  });

  it('follows links that are switched over: those of Kubernetes, and of whole folders', async () => {
    for (const link of ['..data', 'current']) {
      using files = makeFolder(link === 'current' ? link : '');
      const version = (name: string, { key, cert }: Identity): void => {
        mkdirSync(join(files.folder, name));
        writeFileSync(join(files.folder, name, 'key.pem'), key);
        writeFileSync(join(files.folder, name, 'cert.pem'), cert);
        symlinkSync(name, join(files.folder, 'new'));
        renameSync(join(files.folder, 'new'), join(files.folder, link));
      };
      version('v1', first);
      if (link === '..data') {
        for (const file of ['key.pem', 'cert.pem']) symlinkSync(`${link}/${file}`, files.path(file));
      }
      const watched = await watchCredentials(files.options);
      await using at = await listen();
      watched.attach(at.server);
      for (const [name, identity, number] of [
        ['v2', second, 2],
        ['v3', third, 3],
      ] as const) {
        const changed = files.changed();
        version(name, identity);
        await changed;
        assert.equal(await shownBy(at), number);
      }
      assert.deepEqual(files.errors, []);
      watched.close();
    }
  });

  it('waits for the other file of a pair', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials(files.options);
    const changed = files.changed();
    files.replace('cert.pem', second.cert);
    await delay(300);
    files.replace('key.pem', second.key);
    await changed;
    assert.deepEqual(files.errors, []);
    watched.close();
  });

  const broken: [name: string, file: string, content: string, code: string][] = [
    ['a certificate without its key', 'cert.pem', second.cert, 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'],
    ['something that is no certificate', 'cert.pem', 'hello', 'ERR_OSSL_PEM_NO_START_LINE'],
    ['an empty file', 'cert.pem', '', 'ERR_OSSL_PEM_NO_START_LINE'],
    ['half a certificate', 'cert.pem', second.cert.slice(0, 300), 'ERR_PEM'],
  ];
  for (const [name, file, content, code] of broken) {
    it(`keeps what it has, and says so once, for ${name}; and goes on`, async () => {
      using files = makeFolder();
      files.put(first);
      const watched = await watchCredentials(files.options);
      await using at = await listen();
      watched.attach(at.server);
      const failed = files.failed();
      files.replace(file, content);
      await failed;
      assert.equal(await shownBy(at), 1);
      await watched.refresh();
      assert.deepEqual(
        files.errors.map((error) => error.code),
        [code],
      );
      const changed = files.changed();
      files.put(second);
      await changed;
      assert.equal(await shownBy(at), 2);
      watched.close();
    });
  }

  it('keeps what it has when the files are gone, and takes what comes back', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials(files.options);
    const failed = files.failed();
    rmSync(files.path('key.pem'));
    await failed;
    assert.equal(files.errors[0]?.code, 'ENOENT');
    files.put(first); // as it was: nothing is new
    await watched.refresh();
    assert.equal(files.contexts.length, 0);
    const changed = files.changed();
    files.put(second);
    await changed;
    watched.close();
  });

  it('follows a folder that is made anew, at once or later', async () => {
    using files = makeFolder('below/and below');
    const renew = async (identity: Identity): Promise<void> => {
      const changed = files.changed();
      files.put(identity);
      await changed;
    };
    mkdirSync(files.path(''), { recursive: true });
    files.put(first);
    const watched = await watchCredentials(files.options);
    // The new folder may get the number of the old one.
    for (const identity of [second, first, second]) {
      rmSync(files.path(''), { recursive: true });
      mkdirSync(files.path(''));
      await renew(identity);
      await renew(third);
    }
    const failed = files.failed();
    rmSync(join(files.folder, 'below'), { recursive: true });
    await failed;
    mkdirSync(files.path(''), { recursive: true });
    await renew(first);
    await renew(second);
    watched.close();
  });

  it('waits for nobody to write into a pipe', { skip: process.platform === 'win32' }, async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials(files.options);
    const failed = files.failed();
    rmSync(files.path('key.pem'));
    spawnSync('mkfifo', [files.path('key.pem')]);
    await failed;
    assert.match(files.errors[0]!.message, /key\.pem is no file/);
    const changed = files.changed();
    files.put(second);
    await changed;
    watched.close();
  });

  it('looks at intervals for what the system does not tell of', async () => {
    using files = makeFolder();
    using elsewhere = makeFolder();
    // The folder of the link between is not watched.
    for (const [name, { key, cert }] of Object.entries({ a: first, b: second })) {
      mkdirSync(join(files.folder, name));
      writeFileSync(join(files.folder, name, 'key.pem'), key);
      writeFileSync(join(files.folder, name, 'cert.pem'), cert);
    }
    symlinkSync(join(files.folder, 'a'), join(elsewhere.folder, 'between'));
    mkdirSync(join(files.folder, 'outer'));
    for (const file of ['key.pem', 'cert.pem']) {
      symlinkSync(join(elsewhere.folder, 'between', file), join(files.folder, 'outer', file));
    }
    const [key, cert] = ['key.pem', 'cert.pem'].map((file) => join(files.folder, 'outer', file));
    const watched = await watchCredentials({ ...files.options, key: key!, cert: cert!, interval: 50 });
    const changed = files.changed();
    symlinkSync(join(files.folder, 'b'), join(elsewhere.folder, 'new'));
    renameSync(join(elsewhere.folder, 'new'), join(elsewhere.folder, 'between'));
    await changed;
    watched.close();
  });

  it('serves one host of a server, and PKCS #12 files', async () => {
    const fixture = (name: string): Buffer =>
      readFileSync(fileURLToPath(new URL(`../../../test/fixtures/pkcs12/${name}.p12`, import.meta.url)));
    using files = makeFolder();
    writeFileSync(files.path('a.p12'), fixture('modern'));
    const { onChange, onError } = files.options;
    const watched = await watchCredentials({ pfx: files.path('a.p12'), passphrase: 'secret', onChange, onError });
    await using at = await listen({ key: first.key, cert: first.cert });
    watched.attach(at.server, 'pfx.example');
    const subject = async (servername: string): Promise<unknown> => {
      const socket = await connect(at.port, { servername, rejectUnauthorized: false });
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    assert.equal(await subject('pfx.example'), 'tsls test client');
    const changed = files.changed();
    writeFileSync(files.path('a.p12'), fixture('rsa'));
    await changed;
    assert.equal(await subject('pfx.example'), 'tsls test rsa');
    assert.equal(await shownBy(at), 1);
    watched.close();
  });

  it('leaves a host its policy, and its place among others, when its files are replaced', async () => {
    using files = makeFolder();
    files.put(first);
    const { key, cert, interval } = files.options;
    const watched = await watchCredentials(files.options);
    await using at = await listen();
    const own = { key: third.key, cert: third.cert };
    at.server.addContext('*.example', own);
    watched.attach(at.server, '*.example');
    at.server.addContext('admin.example', own, { requestCert: true });
    const watchedHost = await watchCredentials({ key, cert, interval });
    watchedHost.attach(at.server, 'admin.example');
    for (const [identity, number] of [
      [first, 1],
      [second, 2],
    ] as const) {
      if (number === 2) {
        const changed = files.changed();
        files.put(identity);
        await changed;
        await watchedHost.refresh();
      }
      assert.equal(await shownBy(at, 'other.example'), number);
      // Of the host that asks for a certificate: without one nobody comes in, whatever became of the other.
      const socket = await connect(at.port, { servername: 'admin.example', rejectUnauthorized: false });
      assert.equal(names.get(socket.getPeerCertificate().fingerprint256), number);
      const [refused] = await once(socket, 'error');
      assert.equal(refused.code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
      socket.destroy();
    }
    watched.close();
    watchedHost.close();
  });

  it('changes nothing once it is closed, or the server is', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials(files.options);
    const gone = await listen();
    watched.attach(gone.server);
    await using at = await listen();
    watched.attach(at.server);
    await gone[Symbol.asyncDispose]();
    gone.server.setSecureContext = () => assert.fail('it was closed');
    const changed = files.changed();
    files.put(second);
    await changed;
    assert.equal(await shownBy(at), 2);
    watched.close();
    files.put(third);
    await watched.refresh();
    await delay(200);
    assert.equal(await shownBy(at), 2);
  });

  it('survives callbacks that throw', async () => {
    using files = makeFolder();
    files.put(first);
    const thrown = (): never => assert.fail('thrown');
    const watched = await watchCredentials({ ...files.options, onChange: thrown, onError: thrown });
    for (const put of [() => files.put(second), () => files.replace('key.pem', 'hello')]) {
      const warned = once(process, 'warning') as Promise<[Error & { code: string }]>;
      put();
      assert.equal((await warned)[0].code, 'TSLS_CALLBACK_FAILED');
    }
    watched.close();
  });

  it('warns when there is nobody else to tell', async () => {
    using files = makeFolder();
    files.put(first);
    const watched = await watchCredentials({ key: files.path('key.pem'), cert: files.path('cert.pem') });
    const warned = once(process, 'warning') as Promise<[Error & { code: string }]>;
    files.replace('key.pem', 'hello');
    assert.equal((await warned)[0].code, 'TSLS_CREDENTIALS_REFUSED');
    watched.close();
  });

  it('begins with nothing that is broken', async () => {
    using files = makeFolder();
    await assert.rejects(watchCredentials(files.options), { code: 'ENOENT' });
    files.put({ ...first, cert: second.cert });
    await assert.rejects(watchCredentials(files.options), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' });
    files.put(first);
    for (const wrong of [{ key: 5 }, { onError: 5 }, { onChange: 'x' }, { interval: 0 }]) {
      const options = { ...files.options, ...wrong } as unknown as WatchOptions;
      await assert.rejects(watchCredentials(options), { name: /TypeError|RangeError/ });
    }
    await assert.rejects(watchCredentials({}), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
