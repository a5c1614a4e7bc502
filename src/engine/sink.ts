import type { ClientIdentity, Secured } from '../handshake/handshake.ts';
import type { ConnectionFailure } from './failure.ts';

/** What a connection tells of itself. */
export type ConnectionEvent =
  /** The handshake is done; application data may flow. */
  | { readonly type: 'secure'; readonly secured: Secured }
  /** The handshake that early data had come before is done: what comes from here on cannot be replayed. */
  | { readonly type: 'confirmed' }
  /** The client has answered `requestCertificate`. */
  | { readonly type: 'client'; readonly client: ClientIdentity }
  /** The peer will send no more (close_notify). */
  | { readonly type: 'end' }
  /** The connection is over; an alert, if one was due, has gone to the sink already. */
  | { readonly type: 'failure'; readonly failure: ConnectionFailure }
  /** `wantsInput` became true again. */
  | { readonly type: 'wantsInput' }
  /** A line of the NSS key log, without its end. */
  | { readonly type: 'keylog'; readonly line: string };

/** Something that was sent or received: a record by its content type, or a message in it by its name. */
export interface TraceEntry {
  readonly direction: 'sent' | 'received';
  readonly kind: 'record' | 'message' | 'alert';
  readonly name: string;
  /** Bytes: of a record's content, of a message with its header. */
  readonly length: number;
}

/** Where a connection's output goes. */
export interface Sink {
  /** Bytes for the peer. */
  ciphertext(bytes: Uint8Array): void;
  /** Bytes for the application. What this throws comes out of `receive`. */
  plaintext(bytes: Uint8Array): void;
  event(event: ConnectionEvent): void;
  /** Whether key log lines are wanted. */
  readonly wantsKeylog: boolean;
  /** Hears of every record and message but application data, for people who look for a fault. */
  readonly trace?: ((what: TraceEntry) => void) | undefined;
  /** Whether output is given back to the `outputPool` when it was written, and is read by nobody afterwards. */
  readonly returnsOutput?: boolean;
}
