import type { Duplex } from 'node:stream';
import type { Connection } from '../engine/connection.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import { nodeError, type TlsClientError, transportError } from './errors.ts';
import { publish } from './handshake-channels.ts';
import { HandshakeDeadline } from './handshake-deadline.ts';
import { notePeer, type RemoteEnd } from './peer-address.ts';
import type { StreamRole } from './secure-stream.ts';

/**
 * Sees a connection's handshake to its end: until when it may go on, and who hears of how it ended. Of no use once the
 * handshake is done.
 */
export class HandshakeWatch {
  readonly #stream: Duplex & RemoteEnd;
  readonly #connection: Connection;
  readonly #role: StreamRole;
  #state: 'going on' | 'secure' | 'failed' | 'handed over' = 'going on';
  #deadline: HandshakeDeadline | undefined;
  /** All input so far, while the application may still want the connection as it came. */
  #input: Uint8Array[] | undefined;

  constructor(stream: Duplex & RemoteEnd, connection: Connection, role: StreamRole) {
    this.#stream = stream;
    this.#connection = connection;
    this.#role = role;
    if (role.mayHandOver) this.#input = [];
    if (role.handshakeTimes) this.#deadline = new HandshakeDeadline(connection, role.handshakeTimes);
  }

  /** Whether it has not come to an end of any kind. */
  get isGoingOn(): boolean {
    return this.#state === 'going on';
  }

  /** Whether application data may flow, though early data may be all that the client has sent. */
  get isSecure(): boolean {
    return this.#state === 'secure';
  }

  /** Milliseconds for which the client has said nothing, although it is its turn. */
  get silence(): number {
    return this.#deadline?.silence ?? 0;
  }

  /** The engine's report, with what only the socket knows. */
  get report(): HandshakeReport {
    const { report } = this.#connection;
    notePeer(report, this.#stream);
    return report;
  }

  // ---- while it goes on

  /** Input is about to be worked off. */
  keepInput(chunk: Uint8Array): void {
    this.#input?.push(Uint8Array.from(chunk));
  }

  /** The application did not ask for the connection as it came. */
  forgetInput(): void {
    this.#input = undefined;
  }

  /** Input was worked off, or an answer has come. */
  note(): void {
    this.#deadline?.note();
  }

  // ---- how it ends

  /** Application data may flow. Returns false where it had failed before: to write the last flight can do that. */
  succeed(): boolean {
    if (this.#state !== 'going on') return false;
    this.#state = 'secure';
    if (this.#connection.isConfirmed) this.#finish();
    publish('end', () => ({ socket: this.#stream, report: this.report }));
    process.nextTick(() => {
      if (!this.#stream.destroyed) this.#role.onHandshake(undefined);
    });
    return true;
  }

  /** The handshake is done that early data had come before. */
  confirm(): void {
    this.#finish();
    process.nextTick(() => {
      if (!this.#stream.destroyed) this.#stream.emit('confirmed');
    });
  }

  #finish(): void {
    this.stop();
    this.#role.onConfirmed?.();
  }

  /** Tells that it failed: of `cause`, or since the connection was closed. */
  fail(cause: Error | null): void {
    this.#state = 'failed';
    this.stop();
    const reset = (): Error => nodeError('ECONNRESET', 'the connection was closed during the handshake');
    const { report } = this;
    const error = isReported(cause) ? cause : transportError(cause ?? reset(), report);
    this.#role.onFailure?.(error, true);
    publish('error', () => ({ socket: this.#stream, report, error }));
    process.nextTick(() => {
      this.#stream.emit('_tlsError', error); // by which libraries hear of it, though it is Node's own affair
      this.#role.onHandshake(error);
    });
  }

  /** There will be no handshake; returns all that came of it. */
  handOver(): Buffer {
    const input = Buffer.concat(this.#input ?? []);
    this.#state = 'handed over';
    this.#input = undefined;
    this.stop();
    return input;
  }

  /** The connection is closed, or the handshake has ended: nobody waits for the client any more. */
  stop(): void {
    this.#deadline?.stop();
    this.#deadline = undefined;
  }
}

const isReported = (error: Error | null): error is TlsClientError => error !== null && 'handshakeReport' in error;
