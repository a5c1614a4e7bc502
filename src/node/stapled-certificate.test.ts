import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeOcspResponse, type OcspSpecification } from '../../test/support/ocsp-maker.ts';
import { answering, authority, fakeResponder, makeSite } from '../../test/support/ocsp-world.ts';
import type { OcspAnswer } from '../x509/ocsp.ts';
import { StapledCertificate, type StaplingSettings } from './stapled-certificate.ts';

// The times of real servers, in milliseconds instead of minutes.

const settings: StaplingSettings = {
  timeout: 5000,
  mostBytes: 65_536,
  nonce: false,
  firstRetry: 20,
  lastRetry: 50,
  leastRefresh: 20,
  mostRefresh: 50,
};

/** A certificate whose responder a test rules, and what was reported of it. */
async function setUp(more: Partial<OcspSpecification> = {}) {
  const responder = await fakeResponder((request) => request.socket.destroy());
  const { certificate } = makeSite([responder.url]);
  const reports: (OcspAnswer['status'] | Error)[] = [];
  const stapled = new StapledCertificate(certificate, authority.certificate, settings, {
    updated: (_, { status }) => reports.push(status),
    failed: (_, error) => reports.push(error),
  });
  return {
    responder,
    stapled,
    reports,
    /** Lets the responder answer from now on. */
    answer(specification: Partial<OcspSpecification> = {}): void {
      const issuer = authority.certificate;
      responder.handler = answering(() =>
        makeOcspResponse({ certificate, issuer, responder: authority, ...more, ...specification }),
      );
    },
    failAgain(): void {
      responder.handler = answering(() => Buffer.from('out of order'));
    },
    /** Waits until so many reports more are there; the certificate is asked for all the while. */
    async hear(count: number): Promise<void> {
      const wanted = reports.length + count;
      while (reports.length < wanted) {
        stapled.ask();
        await delay(5);
      }
    },
    async [Symbol.asyncDispose]() {
      stapled.stop();
      await responder[Symbol.asyncDispose]();
    },
  };
}

describe('the OCSP response of a certificate', () => {
  it('is not there at first, asked for again after failures, and then there', async () => {
    await using world = await setUp();
    assert.equal(world.stapled.ask(), undefined);
    await world.hear(3);
    for (const report of world.reports) assert.ok(report instanceof Error);
    world.answer();
    while (world.reports.at(-1) !== 'good') await world.hear(1);
    assert.ok(world.stapled.ask());
  });

  it('is replaced long before it ends', async () => {
    await using world = await setUp();
    world.answer();
    world.stapled.wake();
    while (world.stapled.ask() === undefined) await delay(5);
    const first = world.stapled.ask()!;
    world.answer({ nextUpdate: new Date(Date.now() + 7_200_000) });
    while (Buffer.compare(world.stapled.ask()!, first) === 0) await delay(5);
  });

  it('outlasts its responder, and no longer than it is valid', async () => {
    await using world = await setUp();
    world.answer({ nextUpdate: new Date(Math.ceil(Date.now() / 1000 + 2) * 1000) });
    await world.hear(1);
    world.failAgain();
    await world.hear(2);
    assert.ok(world.stapled.ask());
    while (world.stapled.ask() !== undefined) await delay(20);
    assert.ok(world.reports.at(-1) instanceof Error);
  });

  it('is no longer stapled when a newer answer says that the certificate is revoked', async () => {
    await using world = await setUp();
    world.answer();
    await world.hear(1);
    assert.ok(world.stapled.ask());
    world.answer({ statuses: ['revoked'], thisUpdate: new Date() });
    while (!world.reports.includes('revoked')) await world.hear(1);
    assert.equal(world.stapled.ask(), undefined);
    // What was true before is not true again.
    world.answer({ thisUpdate: new Date(Date.now() - 120_000) });
    while (!(world.reports.at(-1) instanceof Error)) await world.hear(1);
    assert.match(String(world.reports.at(-1)), /older than the one before/);
    assert.equal(world.stapled.ask(), undefined);
  });

  it('is fetched only while somebody asks for it, or it is pinned', async () => {
    await using world = await setUp();
    world.answer();
    world.stapled.wake();
    while (world.reports.length === 0) await delay(5);
    await delay(150);
    const before = world.responder.asked;
    await delay(150);
    assert.equal(world.responder.asked, before);
    world.stapled.isPinned = true;
    world.stapled.wake();
    while (world.responder.asked < before + 3) await delay(5);
  });

  it('is fetched no more once it is stopped', async () => {
    await using world = await setUp();
    world.answer();
    world.stapled.isPinned = true;
    await world.hear(1);
    world.stapled.stop();
    await delay(20); // what was on its way
    const before = world.responder.asked;
    world.stapled.ask();
    await delay(150);
    assert.equal(world.responder.asked, before);
  });
});
