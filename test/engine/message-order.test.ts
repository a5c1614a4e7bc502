import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { ClientAuthentication } from '../../src/handshake/config.ts';
import { ServerSessions } from '../../src/node/sessions.ts';
import { ext, hello12, hello13, withExtension } from '../support/client-hello.ts';
import { type Step, StepClient, type StepClientOptions, steps } from '../support/step-client.ts';

// Every order of a client's messages, up to a length, against what the RFCs allow. A server that lets a message be
// left out, or come twice or early, can be talked into a handshake that proves nothing.

/** For each state the steps that may be taken, and the state after. `secure` alone is a connection that is. */
type Model = Readonly<Record<string, Readonly<Partial<Record<Step, string>>>>>;

interface Case extends StepClientOptions {
  readonly model: Model;
}

/** RFC 5246 section 7.3; a second ClientHello is an attempt to renegotiate, which is refused by a warning. */
const secure12 = { applicationData: 'secure', hello: 'secure' } as const;
/** RFC 8446 section 4.6. */
const secure13 = { applicationData: 'secure', keyUpdate: 'secure' } as const;

const auth = (isRequired: boolean): ClientAuthentication => ({
  isRequired,
  authorities: [],
  verify: () => ({ authorized: true }),
});
const asks = (isRequired: boolean) => ({ config: { clientAuth: auth(isRequired) } });
const hellos12: Case['hellos'] = [hello12, hello12];
const hellos13: Case['hellos'] = [({ key }) => hello13(key), ({ key }) => hello13(key)];

const full12: Case = {
  hellos: hellos12,
  model: {
    start: { hello: 'flight' },
    flight: { clientKeyExchange: 'exchanged' },
    exchanged: { changeCipherSpec: 'changed' },
    changed: { finished: 'secure' },
    secure: secure12,
  },
};

/** A client of TLS 1.2 that resumes a session by its id. */
function resumed12(): Case {
  // A store that forgets nothing: most orders end by an alert, after which the session would be gone.
  const kept = new Map<string, Uint8Array>();
  const sessionStore = {
    get: (id: string) => kept.get(id),
    set: (id: string, bytes: Uint8Array) => kept.set(id, bytes),
  };
  const sessions = new ServerSessions(new EventEmitter(), { sessionStore });
  const server = { policy: { sessions } };
  const first = new StepClient({ ...full12, server });
  for (const step of ['hello', 'clientKeyExchange', 'changeCipherSpec', 'finished'] as const) first.take(step);
  const { sessionId } = first.serverHello!;
  return {
    server,
    hellos: [() => ({ ...hello12(), sessionId }), hello12],
    resumes: first.master!,
    model: {
      start: { hello: 'flight' },
      flight: { changeCipherSpec: 'changed' },
      changed: { finished: 'secure' },
      secure: secure12,
    },
  };
}

/** The second ClientHello is the first, but for its key share. */
function retried13(): Case['hellos'] {
  const hello = withExtension(hello13(), ext.keyShare([]));
  return [() => hello, ({ key }) => withExtension(hello, ext.keyShare([{ group: 29, key: key.share }]))];
}

const withCertificate13: Model = {
  start: { hello: 'flight' },
  flight: { changeCipherSpec: 'flight', certificate: 'certified' },
  certified: { changeCipherSpec: 'certified', certificateVerify: 'verified' },
  verified: { changeCipherSpec: 'verified', finished: 'secure' },
  secure: secure13,
};

const cases: Readonly<Record<string, () => Case>> = {
  'TLS 1.2': () => full12,
  'TLS 1.2, resumed': resumed12,
  'TLS 1.2 with a certificate of the client': () => ({
    hellos: hellos12,
    server: asks(true),
    hasCertificate: true,
    model: {
      start: { hello: 'flight' },
      flight: { certificate: 'certified' },
      certified: { clientKeyExchange: 'exchanged' },
      exchanged: { certificateVerify: 'verified' },
      verified: { changeCipherSpec: 'changed' },
      changed: { finished: 'secure' },
      secure: secure12,
    },
  }),
  'TLS 1.2 with a client that was asked and has no certificate': () => ({
    hellos: hellos12,
    server: asks(false),
    model: {
      start: { hello: 'flight' },
      flight: { certificate: 'certified' },
      certified: { clientKeyExchange: 'exchanged' },
      exchanged: { changeCipherSpec: 'changed' },
      changed: { finished: 'secure' },
      secure: secure12,
    },
  }),
  'TLS 1.3': () => ({
    hellos: hellos13,
    model: {
      start: { hello: 'flight' },
      flight: { changeCipherSpec: 'flight', finished: 'secure' },
      secure: secure13,
    },
  }),
  'TLS 1.3 with a HelloRetryRequest': () => ({
    hellos: retried13(),
    model: {
      start: { hello: 'retried' },
      retried: { changeCipherSpec: 'retried', hello: 'flight' },
      flight: { changeCipherSpec: 'flight', finished: 'secure' },
      secure: secure13,
    },
  }),
  'TLS 1.3 with a certificate of the client': () => ({
    hellos: hellos13,
    server: asks(true),
    hasCertificate: true,
    model: withCertificate13,
  }),
  'TLS 1.3 with a client that was asked and has no certificate': () => ({
    hellos: hellos13,
    server: asks(false),
    model: {
      start: { hello: 'flight' },
      flight: { changeCipherSpec: 'flight', certificate: 'certified' },
      certified: { changeCipherSpec: 'certified', finished: 'secure' },
      secure: secure13,
    },
  }),
};

/** Steps beyond the shortest order that leads to a secure connection. */
const further = 1;
/** What a client tries once it was refused. */
const afterwards: readonly Step[] = ['hello', 'changeCipherSpec', 'finished', 'applicationData'];

/** All orders of at most `length` steps that the model allows, with the state that each leads to. */
function* allowed(model: Model, length: number, order: Step[] = [], state = 'start'): Generator<[Step[], string]> {
  yield [order, state];
  if (order.length === length) return;
  for (const [step, next] of Object.entries(model[state]!)) {
    yield* allowed(model, length, [...order, step as Step], next);
  }
}

/** Steps of the shortest order that leads to a secure connection. */
function shortest(model: Model): number {
  for (let length = 1; ; length++) {
    for (const [, state] of allowed(model, length)) if (state === 'secure') return length;
  }
}

/** Takes all steps of an allowed order. */
function follow(options: Case, order: readonly Step[]): StepClient {
  const client = new StepClient(options);
  for (const step of order) client.take(step);
  return client;
}

/** A step that is not allowed ends the connection with unexpected_message, and then nothing matters any more. */
function refuses(options: Case, order: readonly Step[], step: Step): void {
  const client = follow(options, order);
  const where = `${step} after ${order.join(', ') || 'nothing'}`;
  const wasSecure = client.server.isSecure;
  client.take(step);
  assert.equal(client.server.failure?.alert, 'unexpectedMessage', where);
  assert.deepEqual([...client.contents.at(-1)!.content], [2, 10], where);
  const events = client.server.events.length;
  const { plaintext } = client.server;
  for (const next of afterwards) client.take(next);
  assert.equal(client.server.events.length, events, `${where}, then more`);
  assert.deepEqual(client.server.plaintext, plaintext, `${where}, then more`);
  assert.equal(client.server.isSecure, wasSecure, `${where}, then more`);
}

describe('every order of messages', () => {
  for (const [name, make] of Object.entries(cases)) {
    it(name, () => {
      const options = make();
      const least = shortest(options.model);
      let refused = 0;
      for (const [order, state] of allowed(options.model, least + further)) {
        const client = follow(options, order);
        assert.equal(client.server.hasFailed, false, `${order}: ${client.server.failure?.message}`);
        assert.equal(client.server.isSecure, state === 'secure', `${order}`);
        const sent = order.filter((step) => step === 'applicationData');
        assert.equal(client.server.plaintext.toString(), 'data'.repeat(sent.length), `${order}`);
        for (const step of steps) {
          if (options.model[state]![step] !== undefined) continue;
          refuses(options, order, step);
          refused++;
        }
      }
      assert.ok(refused >= 50, `${refused} orders`);
    });
  }
});
