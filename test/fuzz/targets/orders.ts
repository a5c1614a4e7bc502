import fc from 'fast-check';
import { ext, hello12, hello13, withExtension } from '../../support/client-hello.ts';
import type { Random } from '../../support/path-plans.ts';
import { ServerEnd, serverConfig } from '../../support/server-end.ts';
import { type Step, StepClient, steps } from '../../support/step-client.ts';
import { readRecordings } from '../corpus.ts';
import { parseRecords } from '../structure.ts';
import { expect, type PlanTarget, planTarget, type Target } from '../target.ts';

const prepared = serverConfig({});
const asking = {
  ...prepared,
  clientAuth: { isRequired: false, authorities: [], verify: () => ({ authorized: true }) },
};

/** Whatever came in: at most one failure is told, none of it unforeseen, and what is held stays bounded. */
function check(server: ServerEnd): string {
  const { failure, connection } = server;
  expect(failure?.code !== 'CALLBACK_FAILED', `an unforeseen exception: ${(failure?.cause as Error)?.stack}`);
  expect(!failure || connection.expecting === 'nothing', 'a failed connection goes on');
  expect(connection.buffered <= 65_536 + 2 * 16_384 + 2048, `${connection.buffered} bytes are held`);
  connection.destroy();
  return failure ? `${failure.alert} ${failure.code}` : connection.expecting;
}

/** What a client sends after its ClientHello. */
function rightSteps(is13: boolean, asks: boolean): readonly Step[] {
  const certificate: readonly Step[] = asks ? ['certificate'] : [];
  const proof: readonly Step[] = asks ? ['certificateVerify'] : [];
  const own: readonly Step[] = is13
    ? [...certificate, ...proof, 'changeCipherSpec', 'finished']
    : [...certificate, 'clientKeyExchange', ...proof, 'changeCipherSpec', 'finished'];
  return [...own, 'applicationData', 'keyUpdate'];
}

/** Steps of a client in any order, each as well as it can be done. */
const orders = planTarget({
  name: 'orders',
  what: 'messages in any order, under the right keys',
  plans: fc.record({
    is13: fc.boolean(),
    asks: fc.boolean(),
    /** How many steps are the right ones. */
    right: fc.nat(7),
    others: fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 6 }),
  }),
  run({ is13, asks, right, others }) {
    const hello = (client: StepClient) => (is13 ? hello13(client.key) : withExtension(hello12(), ext.alpn(['h2'])));
    const client = new StepClient({
      server: { prepared: asks ? asking : prepared },
      hellos: [hello, hello],
      hasCertificate: asks,
    });
    for (const step of ['hello' as const, ...rightSteps(is13, asks).slice(0, right), ...others]) {
      try {
        client.take(step);
      } catch {
        break; // what it has not heard yet, the client cannot answer
      }
    }
    return check(client.server);
  },
  weight: 2,
  few: 200,
});

/** Bytes from the first on, in any pieces. */
const stream: Target = {
  name: 'stream',
  what: 'recorded streams, fed to a connection',
  seeds: readRecordings('streams.txt').map(({ bytes }) => bytes),
  parse: parseRecords,
  run(input: Uint8Array, random: Random) {
    const server = new ServerEnd({ prepared });
    for (let at = 0; at < input.length; ) {
      const end = Math.min(input.length, at + 1 + random.below(random.chance(30) ? 9 : 3000));
      server.receive(input.slice(at, end));
      at = end;
    }
    return check(server);
  },
  weight: 3,
  few: 500,
};

export const byteTargets: readonly Target[] = [stream];
export const planTargets: readonly PlanTarget[] = [orders];
