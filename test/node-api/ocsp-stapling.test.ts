import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type * as tls from 'node:tls';
import { ocspCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import { createServer, type OcspMessages, type TlsOptions } from '../../src/index.ts';
import { verifyOcspResponse } from '../../src/x509/ocsp-verification.ts';
import { makeOcspResponse } from '../support/ocsp-maker.ts';
import {
  answering,
  authority,
  delegate,
  fakeResponder,
  hasOpenssl,
  impostor,
  makeSite,
  nextReport,
  runOpensslResponder,
  type Site,
  serials,
} from '../support/ocsp-world.ts';
import { client, listen } from '../support/tls-pair.ts';

type Report<K extends keyof OcspMessages> = OcspMessages[K];

/** The response that a client is given: bytes, or nothing. */
async function staple(port: number, maxVersion: tls.SecureVersion = 'TLSv1.3'): Promise<Buffer | undefined> {
  const asking = { maxVersion, requestOCSP: true, rejectUnauthorized: false } as tls.ConnectionOptions;
  const socket = client(port, asking);
  let received: Buffer | null = null;
  socket.on('OCSPResponse', (data: Buffer | null) => {
    received = data;
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  return received ?? undefined;
}

/** What a response says of a site. */
function statusOf(response: Uint8Array | undefined, { certificate }: Site): string {
  assert.ok(response, 'nothing was stapled');
  const issuer = authority.certificate;
  const verdict = verifyOcspResponse(response, { certificate, issuer, crypto: ocspCrypto, time: new Date() });
  return verdict.trusted ? verdict.answer.status : verdict.reason;
}

const serve = (site: Site, ocspStapling: TlsOptions['ocspStapling'] = true) =>
  listen({ ...site.options, ocspStapling });

/** A good response for a site, for as many milliseconds. */
const goodFor = ({ certificate }: Site, lifetime = 3_600_000, ago = 60_000): Uint8Array =>
  makeOcspResponse({
    certificate,
    issuer: authority.certificate,
    responder: authority,
    thisUpdate: new Date(Date.now() - ago),
    nextUpdate: new Date(Date.now() + lifetime),
  });

describe('ocspStapling with openssl ocsp', { skip: hasOpenssl ? false : 'there is no openssl' }, () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`staples that a certificate is good, ${version}`, async () => {
      await using responder = await runOpensslResponder();
      const site = makeSite([responder.url], serials.good);
      const updated = nextReport<Report<'update'>>('update', site);
      await using at = await serve(site);
      const { status, nextUpdate } = await updated;
      assert.equal(status, 'good');
      assert.ok(nextUpdate && nextUpdate.getTime() > Date.now());
      assert.equal(statusOf(await staple(at.port, version), site), 'good');
    });
  }

  it('believes a responder that the authority has named, and one with a nonce', async () => {
    await using responder = await runOpensslResponder(delegate);
    for (const option of [true, { nonce: true }]) {
      const site = makeSite([responder.url], serials.good);
      const updated = nextReport<Report<'update'>>('update', site);
      await using at = await serve(site, option);
      await updated;
      assert.equal(statusOf(await staple(at.port), site), 'good');
    }
  });

  it('does not believe one that another authority has named', async () => {
    await using responder = await runOpensslResponder(impostor);
    const site = makeSite([responder.url], serials.good);
    const failed = nextReport<Report<'error'>>('error', site);
    await using at = await serve(site);
    assert.match((await failed).error.message, /the responder is not of the same issuer/);
    assert.equal(await staple(at.port), undefined);
  });

  it('warns of a certificate that is revoked, and staples nothing', async () => {
    await using responder = await runOpensslResponder();
    const site = makeSite([responder.url], serials.revoked);
    const warning = once(process, 'warning') as Promise<[Error & { code: string }]>;
    const updated = nextReport<Report<'update'>>('update', site);
    await using at = await serve(site);
    assert.equal((await updated).status, 'revoked');
    assert.equal((await warning)[0].code, 'TSLS_CERTIFICATE_REVOKED');
    assert.equal(await staple(at.port), undefined);
  });

  it('staples nothing for a certificate that the responder does not know', async () => {
    await using responder = await runOpensslResponder();
    const site = makeSite([responder.url], serials.unknown);
    const failed = nextReport<Report<'error'>>('error', site);
    await using at = await serve(site);
    assert.match((await failed).error.message, /does not know the certificate/);
    assert.equal(await staple(at.port), undefined);
  });
});

describe('ocspStapling with responders that are no good', () => {
  const wrong: [name: string, answer: (site: Site) => Uint8Array, error: RegExp][] = [
    ['an answer that has expired', (site) => goodFor(site, -600_000, 1_200_000), /was good until/],
    ['an answer about another certificate', () => goodFor(makeSite([])), /about other certificates/],
    ['bytes that are no answer', () => Buffer.from('hello'), /not to be believed/],
    ['nothing', () => Buffer.alloc(0), /not to be believed/],
    ['more than it should', () => Buffer.alloc(100_000), /more than 65536 bytes/],
  ];
  for (const [name, answer, error] of wrong) {
    it(name, async () => {
      await using responder = await fakeResponder(answering(() => answer(site)));
      const site = makeSite([responder.url]);
      const failed = nextReport<Report<'error'>>('error', site);
      await using at = await serve(site);
      const report = await failed;
      assert.match(report.error.message, error);
      assert.equal((report.error as NodeJS.ErrnoException).code, 'ERR_TLS_OCSP_RESPONDER');
      assert.equal(await staple(at.port), undefined);
    });
  }

  it('one that redirects, or has an error', async () => {
    for (const status of [302, 500]) {
      await using responder = await fakeResponder((_, response) =>
        response.writeHead(status, { location: '/other' }).end(),
      );
      const site = makeSite([responder.url]);
      const failed = nextReport<Report<'error'>>('error', site);
      await using _ = await serve(site);
      assert.match((await failed).error.message, new RegExp(`answers ${status}`));
      assert.equal(responder.asked, 1);
    }
  });

  it('one that hangs up, in the middle or at once', async () => {
    for (const answer of ['', 'half']) {
      await using responder = await fakeResponder((request, response) => {
        if (answer) response.writeHead(200, { 'Content-Length': 100 }).write(answer);
        setImmediate(() => request.socket.destroy());
      });
      const site = makeSite([responder.url]);
      const failed = nextReport<Report<'error'>>('error', site);
      await using _ = await serve(site);
      assert.equal(((await failed).error as NodeJS.ErrnoException).code, 'ERR_TLS_OCSP_RESPONDER');
    }
  });

  it('a slow one holds up no handshake, and not for ever', async () => {
    await using responder = await fakeResponder(() => {}); // never answers
    const site = makeSite([responder.url]);
    const failed = nextReport<Report<'error'>>('error', site);
    await using at = await serve(site, { timeout: 500 });
    assert.equal(await staple(at.port), undefined);
    assert.equal(responder.asked, 1);
    assert.match((await failed).error.message, /took longer than 500 ms/);
  });

  it('a dead one is passed over for the next', async () => {
    const dead = await fakeResponder(() => {});
    await dead[Symbol.asyncDispose]();
    await using alive = await fakeResponder(answering(() => goodFor(site)));
    const site = makeSite([dead.url, alive.url]);
    const updated = nextReport<Report<'update'>>('update', site);
    await using at = await serve(site);
    await updated;
    assert.equal(statusOf(await staple(at.port), site), 'good');
  });

  it('one that is not asked over http:', async () => {
    for (const url of ['https://127.0.0.1/', 'ldap://127.0.0.1/', 'no URL at all']) {
      const site = makeSite([url]);
      const failed = nextReport<Report<'error'>>('error', site);
      await using _ = await serve(site);
      assert.ok((await failed).error);
    }
  });

  it('one that does not repeat the nonce, when it has to', async () => {
    await using responder = await fakeResponder(answering(() => goodFor(site)));
    const site = makeSite([responder.url]);
    const failed = nextReport<Report<'error'>>('error', site);
    await using _ = await serve(site, { nonce: true });
    assert.match((await failed).error.message, /no nonce/);
  });

  it('none at all, or no issuer', async () => {
    const site = makeSite([]);
    const failed = nextReport<Report<'error'>>('error', site);
    await using at = await serve(site);
    assert.match((await failed).error.message, /names no responder/);
    assert.equal(await staple(at.port), undefined);
    const lonely = makeSite(['http://127.0.0.1:1/']);
    const cert = lonely.options.cert.slice(0, lonely.options.cert.indexOf('-----END') + 26);
    const alsoFailed = nextReport<Report<'error'>>('error', lonely);
    await using _ = await listen({ ...lonely.options, cert, ocspStapling: true });
    assert.match((await alsoFailed).error.message, /no issuer/);
  });
});

describe('ocspStapling in a server', () => {
  it('yields to a listener of OCSPRequest', async () => {
    await using responder = await fakeResponder(answering(() => goodFor(site)));
    const site = makeSite([responder.url]);
    const updated = nextReport<Report<'update'>>('update', site);
    await using at = await serve(site);
    await updated;
    at.server.once('OCSPRequest', (_certificate, _issuer, callback) => callback(null, Buffer.from('mine')));
    assert.equal(String(await staple(at.port)), 'mine');
    assert.equal(statusOf(await staple(at.port), site), 'good');
  });

  it('asks a responder of its own', async () => {
    await using responder = await fakeResponder(answering(() => goodFor(site)));
    const site = makeSite(['http://127.0.0.1:1/']);
    const updated = nextReport<Report<'update'>>('update', site);
    await using at = await serve(site, { responder: responder.url });
    await updated;
    assert.equal(statusOf(await staple(at.port), site), 'good');
  });

  it('fetches for contexts that come later, too', async () => {
    const responses = new Map<string, () => Uint8Array>();
    await using responder = await fakeResponder((request, response) => {
      answering(responses.get(request.url!)!)(request, response);
    });
    const [first, second, named] = ['/1', '/2', '/3'].map((path) => {
      const site = makeSite([new URL(path, responder.url).href]);
      responses.set(path, () => goodFor(site));
      return site;
    }) as [Site, Site, Site];
    let updated = nextReport('update', first);
    await using at = await serve(first);
    await updated;
    updated = nextReport('update', second);
    at.server.setSecureContext(second.options);
    await updated;
    assert.equal(statusOf(await staple(at.port), second), 'good');
    // That of a named context is fetched when the first client asks, who goes without.
    updated = nextReport('update', named);
    at.server.addContext('localhost', named.options);
    assert.equal(await staple(at.port), undefined);
    await updated;
    assert.equal(statusOf(await staple(at.port), named), 'good');
  });

  it('refuses options that are wrong', () => {
    const wrong: unknown[] = [5, { responder: 5 }, { responder: 'https://x/' }, { responder: 'x' }, { timeout: 0 }];
    for (const ocspStapling of wrong) {
      assert.throws(() => createServer({ ocspStapling } as never), /ocspStapling/);
    }
    for (const ocspStapling of [false, null, undefined]) createServer({ ocspStapling } as never);
  });

  it('ends what is under way when the server closes', async () => {
    let gone: Promise<unknown> | undefined;
    await using responder = await fakeResponder((request) => {
      gone = once(request.socket, 'close');
    });
    const site = makeSite([responder.url]);
    const at = await serve(site);
    while (gone === undefined) await delay(5);
    await at[Symbol.asyncDispose]();
    await gone;
    assert.equal(responder.asked, 1);
  });

  it('warns once of a certificate that must be stapled and is not', async () => {
    const site = makeSite([], undefined, true);
    const warnings: (Error & { code?: string })[] = [];
    const hear = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', hear);
    for (const option of [false, true]) {
      await using at = await serve(site, option);
      for (let times = 0; times < 2; times++) {
        const missing = nextReport('missing', site);
        assert.equal(await staple(at.port), undefined);
        await missing;
      }
    }
    process.off('warning', hear);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['TSLS_MUST_STAPLE'],
    );
  });
});
