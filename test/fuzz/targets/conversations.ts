import { sign } from 'node:crypto';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { nodeCrypto } from '../../../src/crypto/node/provider.ts';
import type { ClientAuthentication } from '../../../src/handshake/config.ts';
import { writeCertificate12, writeCertificate13 } from '../../../src/messages/certificate.ts';
import { clientSignatureInput, writeCertificateVerify } from '../../../src/messages/certificate-verify.ts';
import { writeKeyUpdate } from '../../../src/messages/key-update.ts';
import { ServerSessions } from '../../../src/node/sessions.ts';
import { ContentType, HandshakeType, NamedGroup, SignatureScheme } from '../../../src/wire/code-points.ts';
import { certificatesOfPem } from '../../../src/x509/pem.ts';
import { ext, type HelloFields, hello12, hello13, withExtension } from '../../support/client-hello.ts';
import { identity } from '../../support/identities.ts';
import { Random } from '../../support/path-plans.ts';
import { RawClient } from '../../support/raw-client.ts';
import { getSession, helloWithSession, type KeptSession, useEarlyKeys } from '../../support/resumption.ts';
import { type ServerEndOptions, serverConfig } from '../../support/server-end.ts';
import { mutateBytes } from '../byte-mutator.ts';
import { mutateTree, parseMessages } from '../structure.ts';
import { expect, type PlanTarget, planTarget, Unexpected } from '../target.ts';

// Whole conversations of a client that has the right keys and sends what it should not.

/** How what the client sends next is bent. */
const deviation = fc.record({
  /** Which of the things that it sends. */
  at: fc.integer({ min: 0, max: 9 }),
  how: fc.constantFrom(
    'bytes',
    'tree',
    'drop',
    'twice',
    'cut',
    'otherType',
    'alert',
    'noise',
    'data',
    'plain',
    'padded',
  ),
  seed: fc.nat(2 ** 31 - 1),
});
type Deviation = typeof deviation extends fc.Arbitrary<infer T> ? T : never;

/** What goes on once the handshake is done, on either side. */
const deed = fc.record({
  what: fc.constantFrom(
    'data',
    'keyUpdate',
    'empty',
    'close',
    'alert',
    'serverData',
    'serverKeys',
    'ticket',
    'ask',
    'answer',
    'hello',
    'end',
  ),
  size: fc.nat(20_000),
});
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

type Scene = 'plain' | 'certificate' | 'retry' | 'resumed' | 'early';
const plan = {
  scene: fc.constantFrom<Scene[]>('plain', 'certificate', 'retry', 'resumed', 'early'),
  deviations: fc.array(deviation, { maxLength: 3 }),
  deeds: fc.array(deed, { maxLength: 6 }),
};
interface Plan {
  readonly version: 12 | 13;
  readonly scene: Scene;
  readonly deviations: readonly Deviation[];
  readonly deeds: readonly Deed[];
}

const auth: ClientAuthentication = { isRequired: true, authorities: [], verify: () => ({ authorized: true }) };
const config = serverConfig({});
const sessions = new ServerSessions(new EventEmitter(), { maxEarlyData: 5000 });
const servers: Readonly<Record<Scene, ServerEndOptions>> = {
  plain: { prepared: { ...config, alpn: ['h2'] } },
  certificate: { prepared: { ...config, clientAuth: auth } },
  retry: { prepared: { ...serverConfig({ context: { statelessRetry: true } }), groups: [NamedGroup.secp256r1] } },
  resumed: { prepared: config, policy: { sessions } },
  early: { prepared: config, policy: { sessions } },
};
const chain = certificatesOfPem(identity('p256').cert);
let kept: KeptSession | undefined;

/** Thrown where the conversation cannot go on because of what the client did. */
class Over extends Error {}

/** A client that sends all but what the deviations say. */
class BentClient extends RawClient {
  readonly #deviations: readonly Deviation[];
  #sent = 0;

  constructor(options: ServerEndOptions, deviations: readonly Deviation[]) {
    super(options);
    this.#deviations = deviations;
  }

  /** Whatever the server does with it, it must not throw. */
  deliver(bytes: Uint8Array): void {
    try {
      this.server.receive(bytes);
    } catch (error) {
      throw new Unexpected(`the server throws ${error instanceof Error ? error.stack : error}`);
    }
    this.check();
    if (this.server.hasFailed) throw new Over();
  }

  check(): void {
    const { failure, connection } = this.server;
    expect(failure?.code !== 'CALLBACK_FAILED', `an unforeseen exception: ${(failure?.cause as Error)?.stack}`);
    if (failure) expect(connection.expecting === 'nothing', 'a failed connection goes on');
    expect(connection.buffered <= 65_536 + 2 * 16_384 + 2048, `${connection.buffered} bytes are held`);
  }

  override send(type: number, content: Uint8Array, padding = 0): this {
    const number = this.#sent++;
    const deviations = this.#deviations.filter(({ at }) => at === number);
    if (deviations.length === 0) this.deliver(this.record(type, content, padding));
    for (const one of deviations) this.#bend(one, type, content);
    return this;
  }

  #bend({ how, seed }: Deviation, type: number, content: Uint8Array): void {
    const random = new Random(seed);
    const right = (): Uint8Array => this.record(type, content);
    switch (how) {
      case 'bytes':
        return this.#sendLong(type, mutateBytes(content, random));
      case 'tree': {
        const nodes = parseMessages(content);
        return this.#sendLong(type, mutateTree(nodes, random, nodes));
      }
      case 'drop':
        return;
      case 'twice':
        this.deliver(right());
        return this.deliver(right());
      case 'cut': {
        const bytes = right();
        const at = random.below(bytes.length + 1);
        this.deliver(bytes.slice(0, at));
        return this.deliver(bytes.slice(at));
      }
      case 'otherType':
        return this.deliver(this.record(20 + random.below(6), content));
      case 'alert':
        this.deliver(this.record(ContentType.alert, Uint8Array.of(1 + random.below(3), random.below(130))));
        return this.deliver(right());
      case 'noise':
        return this.deliver(mutateBytes(right(), random));
      case 'data':
        this.deliver(this.record(ContentType.applicationData, new Uint8Array(random.below(3000))));
        return this.deliver(right());
      case 'plain':
        return this.deliver(Uint8Array.of(type, 3, 3, content.length >> 8, content.length, ...content));
      case 'padded':
        return this.deliver(this.sealer.canPad ? this.record(type, content, random.below(9000)) : right());
    }
  }

  /** Content that may have become longer than a record. */
  #sendLong(type: number, content: Uint8Array): void {
    for (let at = 0; at === 0 || at < content.length; at += 16_384) {
      this.deliver(this.record(type, content.slice(at, at + 16_384)));
    }
  }

  /** A message that belongs to the transcript as it should have been. */
  tell(message: Uint8Array): this {
    this.sendMessage(message);
    this.transcript.add(message);
    return this;
  }
}

/** Talks to a server as a plan says. Returns how far it came; throws `Unexpected`. */
function converse(made: Plan): string {
  const client = new BentClient(servers[made.scene], made.deviations);
  try {
    if (made.version === 13) shakeHands13(client, made.scene);
    else shakeHands12(client, made.scene);
    for (const deed of made.deeds) carryOut(client, deed, made.version);
  } catch (error) {
    if (error instanceof Unexpected) throw error; // all else is the client's own trouble with what it has bent
  }
  client.check();
  const { failure, connection } = client.server;
  const outcome = failure ? `${failure.alert} ${failure.code}` : connection.expecting;
  connection.destroy();
  return `${made.version} ${made.scene} ${outcome}`;
}

function shakeHands13(client: BentClient, scene: Scene): void {
  const fields = hello13(client.key);
  switch (scene) {
    case 'resumed':
    case 'early': {
      // Early data is taken once with each ticket.
      if (kept === undefined || scene === 'early') kept = getSession(servers.resumed);
      client.sendHello(helloWithSession(client, kept, { earlyData: scene === 'early' })).read();
      if (scene !== 'early') break;
      const { sealer } = client;
      useEarlyKeys(client, kept);
      client.send(ContentType.applicationData, Buffer.from('early'));
      client.sealer = sealer;
      break;
    }
    case 'retry':
      sendRetried(client, fields);
      break;
    default:
      client.sendHello(withExtension(withExtension(fields, ext.alpn(['h2'])), [49, new Uint8Array()])).read();
  }
  if (client.messages.some(({ type }) => type === HandshakeType.certificateRequest))
    authenticate13(client, new Uint8Array());
  const finished = client.finished13();
  client.sendMessage(finished);
  client.transcript.add(finished);
  client.server.connection.flush();
  client.useApplicationKeys().read();
}

/** Offers a group of which it sends no share, and answers the HelloRetryRequest. */
function sendRetried(client: BentClient, fields: HelloFields): void {
  client.sendHello(fields).read();
  const cookie = client.serverHello?.extensions.get(44);
  client.key = nodeCrypto.keyAgreement(NamedGroup.secp256r1)!.generate!();
  const second = withExtension(fields, ext.keyShare([{ group: NamedGroup.secp256r1, key: client.key.share }]));
  client.sendSecondHello(cookie ? withExtension(second, [44, cookie]) : second).read();
}

function authenticate13(client: BentClient, context: Uint8Array): void {
  const [header, rest] = [writeCertificate13(chain).slice(0, 4), writeCertificate13(chain).slice(5)];
  const message = Buffer.concat([header, Buffer.of(context.length), context, rest]);
  message.writeUIntBE(message.length - 4, 1, 3);
  client.tell(message);
  const signature = sign('sha256', clientSignatureInput(client.transcript.digest()), identity('p256').privateKey);
  client.tell(writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, signature));
}

function shakeHands12(client: BentClient, scene: Scene): void {
  const fields = withExtension(hello12(), ext.alpn(['h2']));
  client.sendHello(scene === 'resumed' ? withExtension(fields, [35, new Uint8Array()]) : fields).read();
  const asked = client.messages.some(({ type }) => type === HandshakeType.certificateRequest);
  const received = client.messages.map(({ raw }) => raw);
  const own: Uint8Array[] = [];
  if (asked) {
    own.push(writeCertificate12(chain));
    client.tell(own[0]!);
  }
  const exchange = client.clientKeyExchange12();
  client.sendMessage(exchange);
  if (asked) {
    const signed = Buffer.concat([client.firstHello!, ...received, ...own, exchange]);
    const signature = sign('sha256', signed, identity('p256').privateKey);
    client.tell(writeCertificateVerify(SignatureScheme.ecdsaSecp256r1Sha256, signature));
  }
  client.send(ContentType.changeCipherSpec, Uint8Array.of(1)).encrypt12();
  client.sendMessage(client.finished12()).readEncrypted12();
}

function carryOut(client: BentClient, { what, size }: Deed, version: 12 | 13): void {
  const { connection } = client.server;
  switch (what) {
    case 'data':
      return void client.send(ContentType.applicationData, new Uint8Array(Math.min(size, 16_384)));
    case 'empty':
      for (let i = 0; i < size % 50; i++) client.send(ContentType.applicationData, new Uint8Array());
      return;
    case 'keyUpdate':
      client.sendMessage(writeKeyUpdate(size % 2 === 0));
      if (version === 13) client.nextSendingKeys();
      return void client.read();
    case 'close':
      return void client.sendAlert(1, 0);
    case 'alert':
      return void client.sendAlert(1 + (size % 2), size % 130);
    case 'serverData':
      connection.protect(new Uint8Array(size));
      return;
    case 'serverKeys':
      connection.updateKeys();
      return void client.read();
    case 'ticket':
      return void connection.sendTicket().catch(() => {});
    case 'ask':
      connection.requestCertificate(auth);
      return void client.read();
    case 'answer': {
      const request = client.messages.findLast(({ type }) => type === HandshakeType.certificateRequest);
      if (version === 12 || request === undefined) return;
      authenticate13(client, request.body.slice(1, 1 + request.body[0]!));
      return void client.sendMessage(client.finished13());
    }
    case 'hello':
      return void client.sendHello(version === 13 ? hello13() : hello12());
    case 'end':
      return connection.receiveEnd();
  }
}

const conversation = (version: 12 | 13): PlanTarget =>
  planTarget({
    name: `conversation-${version}`,
    what: `whole conversations of TLS 1.${version - 10}, under the right keys`,
    plans: fc.record({ version: fc.constant(version), ...plan }),
    run: converse,
    weight: 4,
    few: 100,
  });

export const targets: readonly PlanTarget[] = [conversation(13), conversation(12)];
