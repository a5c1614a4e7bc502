import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** One extension: its code point, how a client's offer reads, and how a server's answer is written. */
export interface Extension<Offer, Reply> {
  readonly type: number;
  /** Reads the body of the extension in a ClientHello; throws `TlsAlert` where it is malformed. */
  readonly read: (r: Reader) => Offer;
  /** Writes the body of our answer, in whichever message that stands. */
  readonly write: (w: Writer, reply: Reply) => unknown;
}

/** Declares an extension; the types of offer and answer follow from its two functions. */
export const extension = <Offer, Reply>(
  type: number,
  read: (r: Reader) => Offer,
  write: (w: Writer, reply: Reply) => unknown,
): Extension<Offer, Reply> => ({ type, read, write });

/** For extensions that a server does not answer: the compiler then has no value to pass. */
export const unanswered = (_w: Writer, _reply: never): void => {};

/** An extension whose presence is all it says. */
export const flag = (r: Reader): true => r.end(true);
