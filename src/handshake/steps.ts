import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { HandshakeMessage } from '../messages/handshake-message.ts';
import type { MessageName } from '../wire/code-points.ts';
import type { Secured } from './handshake.ts';

/** What a handshake may wait for from the peer: a message, or in TLS 1.2 the record that changes keys. */
export type Expected = MessageName | 'changeCipherSpec';

/** Why a handshake is suspended. */
export type Wait =
  | { readonly message: Expected; readonly or?: Expected | undefined }
  /** No wait at all: the application may go on while the client's Finished is still to come. */
  | { readonly early: Secured }
  | { readonly answer: PromiseLike<unknown> };

/**
 * A handshake, or a part of one: a synchronous generator that yields only where it must wait. The engine resumes it
 * with the message or the answer, or throws the application's error into it.
 */
export type Steps<T> = Generator<Wait, T, unknown>;

/** Waits for a message, of one kind or two. Any other is refused by the engine with `unexpected_message`. */
export function* message(expected: MessageName, or?: MessageName): Steps<HandshakeMessage> {
  return (yield { message: expected, or }) as HandshakeMessage;
}

/** Waits for the ChangeCipherSpec of TLS 1.2 (RFC 5246 section 7.1). */
export function* changeCipherSpec(): Steps<void> {
  yield { message: 'changeCipherSpec' };
}

/** The application's answer; suspends only if that is a promise. */
export function* answer<T>(value: MaybePromise<T>): Steps<T> {
  return isPromise(value) ? ((yield { answer: value }) as T) : value;
}

/** Lets the application go on with what it has so far (RFC 8446 section 2.3). */
export function* goOnEarly(secured: Secured): Steps<void> {
  yield { early: secured };
}
