import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ca, identity } from '../support/identities.ts';

const register = new URL('../../src/register/index.js', import.meta.url);
const run = promisify(execFile);

describe('tsls/register', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsls-register-'));
    const { key, cert } = identity('p256');
    writeFileSync(join(folder, 'identity.json'), JSON.stringify({ key, cert, ca }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a script after the registration and returns what it prints. */
  async function output(name: string, source: string, flags = ['--import', register.href]): Promise<string> {
    writeFileSync(join(folder, name), source);
    const { stdout } = await run(process.execPath, [...flags, name], { cwd: folder, timeout: 20_000 });
    return stdout.trim();
  }

  const prelude = `
    const { key, cert, ca } = require('./identity.json');
    const client = { servername: 'localhost', host: '127.0.0.1', ca };`;

  const classes = `${prelude}
    const tls = require('tls'), https = require('https'), http2 = require('http2'), net = require('net');
    const server = tls.createServer({ key, cert }, (socket) => {
      const facts = [socket instanceof tls.TLSSocket, typeof socket.handshakeReport, server instanceof tls.Server];
      socket.end(facts.join());
    });
    server.listen(0, () => {
      const peer = tls.connect({ ...client, port: server.address().port }, () => {
        console.log(peer instanceof tls.TLSSocket, typeof peer.handshakeReport);
        server.close();
      });
      peer.on('data', (data) => console.log(String(data)));
    });
    console.log(https.createServer({ key, cert }) instanceof tls.Server, typeof https.createServer().drain);
    console.log(http2.createSecureServer({ key, cert }) instanceof tls.Server, typeof http2.createSecureServer().drain);
    console.log(new tls.TLSSocket(new net.Socket(), { isServer: true, key, cert }).handshakeReport.stage);
    class Derived extends tls.Server {}
    console.log(new Derived({ key, cert }) instanceof Derived, server instanceof Derived);`;
  const expectedClasses = [
    'true function',
    'true function',
    'start',
    'true false',
    'true undefined',
    'true,object,true',
  ];

  it('puts our server under require, by --import and by --require', async () => {
    for (const flags of [
      ['--import', register.href],
      ['--require', fileURLToPath(register)],
    ]) {
      assert.deepEqual((await output('classes.cjs', classes, flags)).split('\n'), expectedClasses);
    }
  });

  it('puts it under modules that are loaded already', async () => {
    writeFileSync(join(folder, 'early.cjs'), "require('https'); require('http2');");
    const flags = ['--require', './early.cjs', '--import', register.href];
    assert.deepEqual((await output('classes.cjs', classes, flags)).split('\n'), expectedClasses);
  });

  it('puts it under import, by name and as a whole', async () => {
    const source = `
      import { readFileSync } from 'node:fs';
      import { createServer, Server } from 'node:tls';
      import tls from 'tls';
      import * as https from 'node:https';
      const { key, cert } = JSON.parse(readFileSync('identity.json', 'utf8'));
      console.log(createServer === tls.createServer, Server === tls.Server, typeof Server.prototype.drain);
      console.log(https.createServer({ key, cert }) instanceof Server);`;
    assert.equal(await output('names.mjs', source), 'true true function\ntrue');
  });

  it('a context serves the client and, by SNICallback and addContext, our server', async () => {
    const source = `${prelude}
      const tls = require('tls');
      const context = tls.createSecureContext({ key, cert, ca });
      const server = tls.createServer({ SNICallback: (name, done) => done(null, name === 'localhost' ? context : null) });
      const other = tls.createServer();
      other.addContext('localhost', context);
      for (const each of [server, other]) {
        each.listen(0, () => {
          const peer = tls.connect({ ...client, ca: undefined, secureContext: context, port: each.address().port }, () => {
            console.log(peer.authorized);
            peer.destroy();
            each.close();
          });
        });
      }`;
    assert.equal(await output('contexts.cjs', source), 'true\ntrue');
  });

  it('takes the defaults from node:tls', async () => {
    const source = `${prelude}
      const tls = require('tls');
      tls.DEFAULT_MAX_VERSION = 'TLSv1.2';
      const server = tls.createServer({ key, cert }).listen(0, () => {
        const peer = tls.connect({ ...client, port: server.address().port, maxVersion: 'TLSv1.3' }, () => {
          console.log(peer.getProtocol());
          peer.destroy();
          server.close();
        });
      });`;
    assert.equal(await output('defaults.cjs', source), 'TLSv1.2');
  });

  it('a process ends when its server is closed, failed handshakes or not', async () => {
    const source = `${prelude}
      const tls = require('tls');
      const server = tls.createServer({ key, cert, ALPNProtocols: ['a'] }).listen(0, () => {
        const peer = tls.connect({ ...client, port: server.address().port, ALPNProtocols: ['b'] });
        peer.on('error', () => server.close(() => console.log('closed')));
      });`;
    assert.equal(await output('ending.cjs', source), 'closed');
  });
});
