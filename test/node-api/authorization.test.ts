import assert from 'node:assert/strict';
import { constants, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, it, mock } from 'node:test';
import type * as tls from 'node:tls';
import fc from 'fast-check';
import type { ConnectionChoice, TLSSocket } from '../../src/index.ts';
import { encodePem } from '../../src/x509/pem.ts';
import {
  extension,
  makeCertificate,
  makeList,
  pemOf,
  testKey,
  testName,
  values,
} from '../support/certificate-maker.ts';
import { identity } from '../support/identities.ts';
import { client, type Listening, listen } from '../support/tls-pair.ts';

// A session carries the certificate that its client showed when it was made. Whatever happened to the server since, it
// must not lead past the checks that a connection of today is subject to.

type AuthorityName = 'a' | 'b';

function makeAuthority(number: number) {
  const key = testKey('p256', number);
  const uses = values.keyUsage('keyCertSign', 'cRLSign');
  const extensions = [extension('basicConstraints', values.basicConstraints(true), true), extension('keyUsage', uses)];
  return { key, certificate: makeCertificate({ key, subject: testName({ CN: `authority ${number}` }), extensions }) };
}
const authorities = { a: makeAuthority(1), b: makeAuthority(2) } as const;

/** Milliseconds for which a certificate is good, and by which the clock may be ahead: sessions live longer. */
const shortLife = 10 * 60_000;
const later = 15 * 60_000;

function makeClient(authority: AuthorityName, number: number, expires: boolean) {
  const key = testKey('p256', number);
  const subject = testName({ CN: `client ${number}` });
  const notAfter = new Date(Date.now() + (expires ? shortLife : 24 * 3600_000));
  const certificate = makeCertificate({ key, subject, issuer: authorities[authority], notAfter });
  const pem = { key: key.export({ type: 'pkcs8', format: 'pem' }) as string, cert: pemOf(certificate) };
  return { authority, certificate, pem, expires };
}
const clients = { a1: makeClient('a', 3, false), a2: makeClient('a', 4, true), b1: makeClient('b', 5, false) } as const;
type ClientName = keyof typeof clients;

/** What a server asks of its clients at a moment. */
interface Policy {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly trusted: readonly AuthorityName[];
  readonly revoked: readonly ClientName[];
  /** Whether the clock is past the end of some certificates. */
  readonly isLate: boolean;
}

type Step =
  | ({ readonly type: 'policy' } & Omit<Policy, 'isLate'>)
  | { readonly type: 'clock'; readonly isLate: boolean }
  | { readonly type: 'rotate' }
  | { readonly type: 'visit'; readonly as: ClientName | undefined; readonly session: number };

const subset = <T>(...all: T[]): fc.Arbitrary<T[]> => fc.subarray(all);
const policy: fc.Arbitrary<Omit<Policy, 'isLate'>> = fc.record({
  requestCert: fc.boolean(),
  rejectUnauthorized: fc.boolean(),
  trusted: subset('a', 'b'),
  revoked: subset('a1', 'a2', 'b1'),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: policy.map((to) => ({ type: 'policy' as const, ...to })) },
  { weight: 1, arbitrary: fc.constant({ type: 'rotate' as const }) },
  { weight: 1, arbitrary: fc.boolean().map((isLate) => ({ type: 'clock' as const, isLate })) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('visit' as const),
      as: fc.constantFrom(undefined, 'a1', 'a2', 'b1'),
      session: fc.nat(5),
    }),
  },
);

/** Whether a client with this certificate is authorized under a policy: what a full handshake would say. */
function isWelcome(as: ClientName | undefined, { requestCert, trusted, revoked, isLate }: Policy): boolean {
  if (!requestCert || as === undefined || (isLate && clients[as].expires)) return false;
  return trusted.includes(clients[as].authority) && !revoked.includes(as);
}

function contextOf({ trusted, revoked }: Policy) {
  const crl = (['a', 'b'] as const).map((name) => {
    const gone = revoked.filter((each) => clients[each].authority === name);
    const serials = gone.map((each) => ({ serial: Buffer.from(clients[each].certificate.serialNumber, 'hex') }));
    return encodePem('X509 CRL', makeList({ issuer: authorities[name], revoked: serials }));
  });
  const { key, cert } = identity('p256');
  return { key, cert, ca: trusted.map((name) => pemOf(authorities[name].certificate)), crl };
}

interface Outcome {
  readonly socket: TLSSocket | undefined;
  /** The session to come back with. */
  readonly session: Buffer | undefined;
}

/** One connection, and what both ends have of it. */
async function visit(server: Listening, options: tls.ConnectionOptions): Promise<Outcome> {
  const accepted = server.nextSocket();
  const failed = server.nextError().then(() => undefined);
  const end = client(server.port, options);
  let session: Buffer | undefined;
  end.on('session', (data: Buffer) => {
    session = data;
  });
  end.on('error', () => {});
  end.write('x');
  const socket = await Promise.race([accepted, failed]);
  if (socket === undefined) {
    end.destroy();
    return { socket, session: undefined };
  }
  await once(end, 'data');
  session ??= end.getSession();
  end.destroy();
  return { socket, session };
}

async function walk(steps: readonly Step[], maxVersion: tls.SecureVersion, secureOptions: number): Promise<void> {
  let now: Policy = { requestCert: true, rejectUnauthorized: true, trusted: ['a'], revoked: [], isLate: false };
  const onClientHello = (): ConnectionChoice => ({
    requestCert: now.requestCert,
    rejectUnauthorized: now.rejectUnauthorized,
  });
  const options = { ...contextOf(now), secureOptions, onClientHello };
  const begun = Date.now();
  mock.timers.enable({ apis: ['Date'], now: begun });
  using _clock = { [Symbol.dispose]: () => mock.timers.reset() };
  await using server = await listen(options, (socket) => socket.pipe(socket));
  server.server.setMaxListeners(100);
  const kept: { readonly session: Buffer; readonly as: ClientName | undefined }[] = [];
  for (const step of steps) {
    if (step.type === 'rotate') {
      server.server.setTicketKeys(randomBytes(48));
    } else if (step.type === 'clock') {
      now = { ...now, isLate: step.isLate };
      mock.timers.setTime(begun + (step.isLate ? later : 0));
    } else if (step.type === 'policy') {
      now = { ...step, isLate: now.isLate };
      server.server.setSecureContext(contextOf(now));
    } else {
      const from = kept.at(-1 - step.session);
      const { socket, session } = await visit(server, {
        ...(step.as && clients[step.as].pem),
        ...(from && { session: from.session }),
        maxVersion,
      });
      if (socket === undefined) {
        assert.ok(now.requestCert && now.rejectUnauthorized && !isWelcome(step.as, now), 'refused without a reason');
        continue;
      }
      const shown = socket.isSessionReused() ? from?.as : step.as;
      const who = now.requestCert ? shown : undefined;
      assert.equal(socket.authorized, isWelcome(who, now));
      assert.ok(socket.authorized || !now.requestCert || !now.rejectUnauthorized, 'let in unauthorized');
      const raw = who && Buffer.from(clients[who].certificate.der);
      const peer = socket.getPeerX509Certificate()?.raw;
      assert.equal(peer?.toString('hex'), raw?.toString('hex'), 'the certificate of who is there');
      if (session) kept.push({ session, as: who });
    }
  }
}

describe('no order of policies, ticket keys and resumptions authorizes a client that', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [means, secureOptions] of [
      ['tickets', 0],
      ['ids', constants.SSL_OP_NO_TICKET],
    ] as const) {
      it(`would not be welcome today (${version}, ${means})`, async () => {
        const steps = fc.array(step, { minLength: 4, maxLength: 14 });
        const property = fc.asyncProperty(steps, (list) => walk(list, version, secureOptions));
        await fc.assert(property, { numRuns: Number(process.env.TSLS_ORDERS ?? 40) });
      });
    }
  }
});
