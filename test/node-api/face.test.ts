import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as nodeTls from 'node:tls';
import * as named from '../../src/index.ts';
import { ca, identity } from '../support/identities.ts';

const tls = named.default;
/** What Node has and we have not, with the reason. */
const absent: Readonly<Record<string, string>> = { createSecurePair: 'deprecated since Node 0.11, gone in Node 24' };

describe('the face', () => {
  it('has every name that node:tls has', () => {
    const native = createRequire(import.meta.url)('node:tls') as Record<string, unknown>;
    const missing = Object.keys(Object.getOwnPropertyDescriptors(native)).filter((name) => !(name in tls));
    assert.deepEqual(
      missing.filter((name) => !(name in absent)),
      [],
    );
    for (const [name, value] of Object.entries(native)) {
      if (name in absent) continue;
      const ours = (tls as unknown as Record<string, unknown>)[name];
      assert.equal(Array.isArray(ours) ? 'array' : typeof ours, Array.isArray(value) ? 'array' : typeof value, name);
      assert.ok(name in named, `export ${name}`);
    }
  });

  it('has every name by import as well as in the object', () => {
    const exports = Object.keys(named).filter((name) => name !== 'default' && name !== 'module.exports');
    assert.deepEqual(exports.sort(), Object.keys(tls).sort());
  });

  it('says that there is no client', () => {
    assert.throws(() => tls.connect(443, 'example.org'), { code: 'ERR_METHOD_NOT_IMPLEMENTED', message: /node:tls/ });
  });

  it('has the constants of Node', () => {
    assert.equal(tls.CLIENT_RENEG_LIMIT, nodeTls.CLIENT_RENEG_LIMIT);
    assert.equal(tls.CLIENT_RENEG_WINDOW, nodeTls.CLIENT_RENEG_WINDOW);
    assert.equal(named.DEFAULT_MIN_VERSION, nodeTls.DEFAULT_MIN_VERSION);
    assert.equal(named.DEFAULT_MAX_VERSION, nodeTls.DEFAULT_MAX_VERSION);
    assert.equal(named.DEFAULT_ECDH_CURVE, nodeTls.DEFAULT_ECDH_CURVE);
    assert.equal(named.DEFAULT_CIPHERS, tls.DEFAULT_CIPHERS);
  });

  it('convertALPNProtocols writes what Node writes', () => {
    const { convertALPNProtocols } = createRequire(import.meta.url)('node:tls') as typeof tls;
    const wire = Buffer.from('\u0002h2\u0008http/1.1');
    const inputs = [['h2', 'http/1.1'], [], wire, new DataView(wire.buffer, wire.byteOffset, 3)];
    for (const input of [...inputs, undefined, null, 'h2', {}]) {
      const [ours, theirs] = [{}, {}] as { ALPNProtocols?: Buffer }[];
      tls.convertALPNProtocols(input, ours!);
      convertALPNProtocols(input, theirs!);
      assert.deepEqual(ours, theirs);
    }
    const out: { ALPNProtocols?: Buffer } = {};
    tls.convertALPNProtocols(wire, out);
    wire.fill(0);
    assert.equal(out.ALPNProtocols?.toString(), '\u0002h2\u0008http/1.1');
    assert.throws(() => tls.convertALPNProtocols(['x'.repeat(256)], {}), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => tls.convertALPNProtocols(Buffer.from([5, 1]), {}), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('lists of authorities', () => {
  const native = nodeTls as { getCACertificates?: (kind?: string) => readonly string[] };

  it('are those of Node', { skip: native.getCACertificates === undefined && 'Node has no such function' }, () => {
    for (const kind of ['default', 'bundled', 'extra'] as const) {
      assert.deepEqual(tls.getCACertificates(kind), native.getCACertificates!(kind));
    }
    assert.deepEqual(tls.getCACertificates(), native.getCACertificates!());
  });

  it('are there on every Node', () => {
    assert.deepEqual(tls.getCACertificates('bundled'), nodeTls.rootCertificates);
    assert.ok(tls.getCACertificates().length > 0);
    assert.throws(() => tls.getCACertificates('mine' as 'extra'), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => tls.getCACertificates(1 as unknown as 'extra'), { code: 'ERR_INVALID_ARG_TYPE' });
    if (native.getCACertificates !== undefined) return;
    assert.throws(() => tls.getCACertificates('system'), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
  });

  /** What a process prints; it has the face as `tls` and an authority as `ca`. */
  function run(script: string, env: NodeJS.ProcessEnv = {}): unknown {
    const face = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
    const code = `import tls from ${face}; const ca = ${JSON.stringify(ca)}; console.log(JSON.stringify(${script}));`;
    const args = ['--input-type=module', '--no-warnings', '-e', code];
    const out = execFileSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
    return JSON.parse(out);
  }

  it('have what NODE_EXTRA_CA_CERTS adds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsls-extra-'));
    try {
      const file = join(folder, 'ca.pem');
      writeFileSync(file, `${ca}\n`);
      const script = `[tls.getCACertificates('extra').map((pem) => pem.trim()), tls.getCACertificates().some((pem) => pem.trim() === ca.trim())]`;
      assert.deepEqual(run(script, { NODE_EXTRA_CA_CERTS: file }), [[String(ca).trim()], true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.deepEqual(run(`tls.getCACertificates('extra')`, { NODE_EXTRA_CA_CERTS: '' }), []);
  });

  it('can be set, for contexts made afterwards', () => {
    const script = `(tls.setDefaultCACertificates([ca, Buffer.from(ca)]), tls.getCACertificates().map((pem) => pem.trim()))`;
    assert.deepEqual(run(script), [String(ca).trim()]);
    const wrong = [`'x'`, `[1]`, `undefined`];
    for (const certs of wrong) {
      const caught = `(() => { try { tls.setDefaultCACertificates(${certs}) } catch (error) { return error.code } })()`;
      assert.equal(run(caught), 'ERR_INVALID_ARG_TYPE', certs);
    }
  });

  it('that are set decide about clients', () => {
    const { key, cert } = identity('p256');
    const script = `await (async () => {
      const { connect } = await import('node:tls');
      const { once } = await import('node:events');
      tls.setDefaultCACertificates([ca]);
      const options = ${JSON.stringify({ key, cert })};
      const server = tls.createServer({ ...options, requestCert: true, rejectUnauthorized: false });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const client = connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
      const [socket] = await once(server, 'secureConnection');
      client.destroy(); socket.destroy(); server.close();
      return [socket.authorized, socket.authorizationError];
    })()`;
    const [authorized, error] = run(script) as [boolean, string | undefined];
    assert.ok(authorized || error !== 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', error);
  });
});
