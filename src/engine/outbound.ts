import { PlaintextSealer } from '../record/plaintext.ts';
import type { Sealer } from '../record/protection.ts';
import { RecordLengths, segmentLength } from '../record/record-lengths.ts';
import { maxPlaintextLength } from '../record/record-reader.ts';
import { AlertDescription, AlertLevel } from '../wire/alert.ts';
import { ContentType } from '../wire/code-points.ts';
import { join, shortLived } from '../wire/short-lived.ts';
import { outputPool } from './output-pool.ts';
import type { Sink } from './sink.ts';
import { traceAlert } from './trace.ts';

/** Contents to output bytes: messages joined to flights, cut into records and protected. */
export class Outbound {
  readonly #sink: Sink;
  #sealer: Sealer = new PlaintextSealer();
  #fragmentLimit = maxPlaintextLength;
  /** What the peer takes, and what we like to send. */
  #negotiatedLimit = maxPlaintextLength;
  #cap = maxPlaintextLength;
  #padding: ((length: number) => number) | undefined;
  /** How application data is cut; into records as long as may be where it is absent. */
  #lengths: RecordLengths | undefined;
  /** Handshake messages that share records until something else is sent. */
  #messages: Uint8Array[] | undefined;
  /** The first of the records, and all of them if there are more. */
  #sealed: Uint8Array | undefined;
  #allSealed: Uint8Array[] | undefined;
  /** Whether what there is can wait for the application's first output. */
  isHeld = false;
  #isClosed = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Whether our close_notify is out, which nothing may follow (RFC 8446 section 6.1). */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends close_notify, behind what there is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.addAlert(AlertLevel.warning, AlertDescription.closeNotify);
    this.flush();
  }

  /** Gives the sink all output since the last time. */
  flush(): void {
    this.isHeld = false;
    const bytes = this.take();
    if (bytes !== undefined) this.#sink.ciphertext(bytes);
  }

  addMessage(message: Uint8Array): void {
    if (this.#messages === undefined) this.#messages = [message];
    else this.#messages.push(message);
  }

  protect(sealer: Sealer): void {
    this.#sealMessages();
    this.#sealer.release();
    this.#sealer = sealer;
  }

  /** Nothing will be added any more. */
  release(): void {
    this.#sealer.release();
  }

  limitFragments(length: number): void {
    this.#sealMessages();
    this.#negotiatedLimit = length;
    this.#fragmentLimit = Math.min(length, this.#cap);
  }

  capFragments(length: number): void {
    this.#cap = length;
    this.limitFragments(this.#negotiatedLimit);
  }

  padRecords(padding: (length: number) => number): void {
    this.#sealMessages();
    this.#padding = padding;
  }

  /** Lets the records of application data begin short and grow; `clock` tells pauses, in milliseconds. */
  growRecords(clock: () => number): void {
    this.#lengths = new RecordLengths(clock);
  }

  /** Adds content of any type but handshake. */
  add(type: number, content: Uint8Array): void {
    this.#sealMessages();
    this.#append(this.#seal(type, content));
  }

  addAlert(level: number, description: number): void {
    traceAlert(this.#sink, 'sent', description, 2);
    this.add(ContentType.alert, Uint8Array.of(level, description));
  }

  /** Adds the one record that is never encrypted in TLS 1.3 (RFC 8446 section 5). */
  addPlainChangeCipherSpec(): void {
    this.#sealMessages();
    this.#append(changeCipherSpecRecord);
  }

  /** All output since the last call, in one piece, or `undefined`. */
  take(): Uint8Array | undefined {
    this.#sealMessages();
    const parts = this.#allSealed;
    const sealed = parts ? join(parts) : this.#sealed;
    if (parts) for (const part of parts) outputPool.give(part);
    this.#sealed = this.#allSealed = undefined;
    return sealed;
  }

  #append(records: Uint8Array): void {
    if (this.#sealed === undefined) this.#sealed = records;
    else if (this.#allSealed === undefined) this.#allSealed = [this.#sealed, records];
    else this.#allSealed.push(records);
  }

  /** How many records may be sealed before the key is exhausted, at most. */
  get recordsLeft(): number {
    return this.#sealer.limit - this.#sealer.sealed;
  }

  /** How many records so many bytes of application data can become at most. */
  mostRecords(length: number): number {
    const shorter = this.#lengths ? Math.ceil(this.#fragmentLimit / segmentLength) + 1 : 0;
    return Math.ceil(length / this.#fragmentLimit) + shorter;
  }

  /** Most bytes of application data that become one record now. */
  get nextLength(): number {
    this.#lengths?.begin();
    return this.#lengths?.next(this.#fragmentLimit, this.#sealer.overhead) ?? this.#fragmentLimit;
  }

  #sealMessages(): void {
    const messages = this.#messages;
    if (messages === undefined) return;
    this.#messages = undefined;
    const joined = messages.length === 1 ? messages[0]! : join(messages);
    this.#append(this.#seal(ContentType.handshake, joined));
  }

  /** Records that hold `content`, in one buffer. */
  #seal(type: number, content: Uint8Array): Uint8Array {
    const limit = this.#fragmentLimit;
    const sealer = this.#sealer;
    const { overhead } = sealer;
    let count = Math.max(1, Math.ceil(content.length / limit));
    if (this.#padding !== undefined && sealer.canPad) return this.#sealPadded(type, content, count, this.#padding);
    const needsMore = type === ContentType.applicationData && content.length + overhead > segmentLength;
    const lengths = needsMore ? this.#lengths : undefined;
    lengths?.begin();
    count += lengths?.shorterThan(limit, overhead) ?? 0;
    const most = content.length + count * overhead;
    const out = this.#sink.returnsOutput ? outputPool.take(most) : shortLived(most);
    let end = 0;
    for (let at = 0; at < content.length || end === 0; ) {
      const length = lengths?.next(limit, overhead) ?? limit;
      const part = at === 0 && content.length <= length ? content : content.subarray(at, at + length);
      end = sealer.seal(type, part, 0, out, end);
      at += length;
      if (part.length === length) lengths?.grow(limit, overhead);
    }
    return out.length === end ? out : out.subarray(0, end);
  }

  #sealPadded(type: number, content: Uint8Array, count: number, padding: (length: number) => number): Uint8Array {
    const limit = this.#fragmentLimit;
    const out = Buffer.allocUnsafe(count * (limit + this.#sealer.overhead));
    let end = 0;
    for (let at = 0, i = 0; i < count; i++, at += limit) {
      const part = content.subarray(at, at + limit);
      const wanted = Math.floor(padding(part.length));
      const zeros = wanted > 0 ? Math.min(wanted, limit - part.length) : 0;
      end = this.#sealer.seal(type, part, zeros, out, end);
    }
    return out.subarray(0, end);
  }
}

const changeCipherSpecRecord = Uint8Array.of(ContentType.changeCipherSpec, 3, 3, 0, 1, 1);
