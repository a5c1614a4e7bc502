import { cipherSuites } from '../../src/crypto/cipher-suites.ts';
import type { ConnectionParts } from '../../src/engine/handshake-protocol.ts';
import { HandshakeProtocol } from '../../src/engine/handshake-protocol.ts';
import { Inbound } from '../../src/engine/inbound.ts';
import { Outbound } from '../../src/engine/outbound.ts';
import { PeerAllowance } from '../../src/engine/peer-allowance.ts';
import { Reception } from '../../src/engine/reception.ts';
import type { Sink, TraceEntry } from '../../src/engine/sink.ts';
import type { Secured } from '../../src/handshake/handshake.ts';
import { HandshakeReport } from '../../src/handshake/report.ts';
import type { Steps } from '../../src/handshake/steps.ts';
import { HandshakeReader } from '../../src/messages/handshake-reader.ts';
import { PlaintextSealer, plaintextOpener } from '../../src/record/plaintext.ts';
import type { Opener } from '../../src/record/protection.ts';

/** What a handshake ends with, without a secret in it. */
export const secured = (more: Partial<Secured> = {}): Secured => ({
  version: 0x0304,
  cipherSuite: cipherSuites[0]!,
  ownFinished: new Uint8Array(12),
  peerFinished: new Uint8Array(12),
  exportKeyingMaterial: () => new Uint8Array(),
  release: () => {},
  ...more,
});

/** The same in TLS 1.3, whose keys can be replaced. */
export const secured13 = (more: Partial<Secured> = {}): Secured =>
  secured({ nextSealer: () => new PlaintextSealer(), nextOpener: () => plaintextOpener, ...more });

/** An opener that is not that of records before any key, and takes what it gets. */
export const clearOpener: Opener = { ...plaintextOpener };

/** The protocols of a connection around a handshake that a test writes: no keys, and every record in clear. */
export class ScriptedConnection {
  readonly events: string[] = [];
  readonly trace: TraceEntry[] = [];
  readonly plaintext: string[] = [];
  /** Records sent: type and content. */
  readonly sent: string[] = [];
  /** What is to be done where errors are caught. */
  readonly answers: (() => void)[] = [];
  readonly parts: ConnectionParts;
  readonly handshake: HandshakeProtocol;
  readonly reception: Reception;

  constructor(version: number, steps: Steps<Secured>, sink: Partial<Sink> = {}) {
    const all: Sink = {
      wantsKeylog: false,
      ciphertext: (bytes) => this.#readSent(bytes),
      plaintext: (bytes) => void this.plaintext.push(Buffer.from(bytes).toString('latin1')),
      event: ({ type }) => void this.events.push(type),
      trace: (entry) => void this.trace.push(entry),
      ...sink,
    };
    const report = new HandshakeReport(() => 0);
    report.versionNumber = version;
    const [inbound, outbound] = [new Inbound(), new Outbound(all)];
    const allowance = new PeerAllowance();
    this.parts = { sink: all, report, messages: new HandshakeReader(), inbound, outbound, allowance };
    this.handshake = new HandshakeProtocol(this.parts);
    this.reception = new Reception(this.handshake, this.parts);
    this.handshake.begin(steps, this.answered);
  }

  readonly answered = (goOn: () => void): void => void this.answers.push(goOn);

  /** Bytes of handshake messages, of which all that are whole are worked off. */
  take(...bytes: readonly number[]): this {
    this.handshake.append(Uint8Array.from(bytes));
    while (this.handshake.receiveNext());
    return this;
  }

  /** A record of this content. */
  receive(type: number, content: Uint8Array | readonly number[] = []): this {
    const bytes = Buffer.concat([new Uint8Array(5), Uint8Array.from(content)]);
    this.reception.receive({ type, bytes, start: 5, end: bytes.length });
    return this;
  }

  #readSent(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 5 + ((bytes[at + 3]! << 8) | bytes[at + 4]!);
      this.sent.push(`${bytes[at]}: ${[...bytes.subarray(at + 5, end)]}`);
      at = end;
    }
  }
}
