import { wipe } from '../../wire/wipe.ts';
import type { Aead, Room } from '../provider.ts';
import { noteYoungBuffer } from '../young-memory.ts';
import type { CipherContext, CipherContexts, CipherName } from './cipher-contexts.ts';
import { type Library, type Pointer, succeed } from './library.ts';
import type { Area, Memory } from './memory.ts';

const nonceLength = 12;
const tagLength = 16;
/** EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG. */
const getTag = 0x10;
const setTag = 0x11;
/** Longest additional data; records have 5 or 13 bytes of it. */
const mostAdditionalData = 256;
/** Bytes up to which it is cheaper to put content and trailer together than to call the cipher twice. */
const joinLimit = 4096;
/** What one call of `EVP_CipherUpdate` may be given: its lengths are C's int. */
const mostBytes = 2 ** 30;

/** The length that V8 knows, whatever property an application has put over it. */
const trueLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get!;

/**
 * V8 makes something of the young buffers that it allocated itself, and little of those that `allocUnsafe` makes: with
 * them Node 20 and 26 collect the whole heap more often.
 */
function allocate(length: number): Buffer {
  if (length < 4096) return Buffer.allocUnsafe(length);
  noteYoungBuffer(length);
  return Buffer.alloc(length);
}

/** The next `length` bytes of a room, if it has as many. */
function takeFrom(room: Room | undefined, length: number): Uint8Array | undefined {
  if (room === undefined || room.bytes.length - room.at < length) return undefined;
  return room.bytes.subarray(room.at, room.at + length);
}

/** Copies what is shorter than a call of `set` is worth. */
function copyFew(from: Uint8Array, to: Uint8Array, at: number): void {
  for (let i = 0; i < from.length; i++) to[at + i] = from[i]!;
}

/** What all keys of a thread share. */
export class AeadMachine {
  readonly library: Library;
  readonly memory: Memory;
  readonly contexts: CipherContexts;
  readonly key: Area;
  readonly zeros: Area;
  readonly nonce: Area;
  readonly additionalData: Area;
  readonly tag: Area;
  /** Where calls write how many bytes they gave. */
  readonly count: Area;

  constructor(library: Library, memory: Memory, contexts: CipherContexts) {
    this.library = library;
    this.memory = memory;
    this.contexts = contexts;
    this.key = memory.reserve(32);
    this.zeros = memory.reserve(32);
    this.nonce = memory.reserve(nonceLength);
    this.additionalData = memory.reserve(mostAdditionalData);
    this.tag = memory.reserve(tagLength);
    this.count = memory.reserve(4);
  }

  /** A context with a key in it. */
  keyed(owner: object, cipher: CipherName, key: Uint8Array, encrypts: 0 | 1): CipherContext {
    this.key.bytes.set(key);
    try {
      return this.contexts.take(owner, cipher, this.key.address, encrypts);
    } finally {
      wipe(this.key.bytes);
    }
  }

  /** Begins a record: its nonce and additional data. */
  begin(context: Pointer, nonce: Uint8Array, additionalData: Uint8Array): void {
    const { openssl } = this.library;
    if (nonce.length !== nonceLength) throw new RangeError(`a nonce of ${nonce.length} bytes`);
    if (additionalData.length > mostAdditionalData) throw new RangeError('too much additional data');
    copyFew(nonce, this.nonce.bytes, 0);
    copyFew(additionalData, this.additionalData.bytes, 0);
    succeed(openssl.EVP_CipherInit_ex(context, 0, 0, 0, this.nonce.address, -1));
    if (additionalData.length === 0) return;
    succeed(
      openssl.EVP_CipherUpdate(context, 0, this.count.address, this.additionalData.address, additionalData.length),
    );
  }

  /** Encrypts or decrypts; checks that all of it came out. */
  update(context: Pointer, from: Pointer, length: number, to: Pointer): void {
    if (length === 0) return;
    if (length > mostBytes) throw new RangeError('too many bytes for one call');
    succeed(this.library.openssl.EVP_CipherUpdate(context, to, this.count.address, from, length));
    if (this.count.bytes.readInt32LE(0) !== length) throw new Error('OpenSSL held bytes back');
  }
}

/**
 * One AEAD key in OpenSSL's hands: a context that keeps the key from record to record, taken for the first one, and taken
 * anew when it was away too long, or is to go the other way. Whoever forgets to release a key leaves it where it is.
 */
export class OpensslAead implements Aead {
  readonly #machine: AeadMachine;
  readonly #cipher: CipherName;
  readonly #key: Uint8Array;
  /** The context taken last, which may be somebody else's by now. */
  #context: CipherContext | undefined;
  #isReleased = false;

  constructor(machine: AeadMachine, cipher: CipherName, key: Uint8Array) {
    if (key.length !== machine.contexts.keyLength(cipher)) throw new RangeError(`a key of ${key.length} bytes`);
    this.#machine = machine;
    this.#cipher = cipher;
    this.#key = new Uint8Array(key);
  }

  /** The context, with our key in it, until anything else runs. */
  #use(encrypts: 0 | 1): Pointer {
    const context = this.#context;
    if (context === undefined || context.owner !== this || context.encrypts !== encrypts) return this.#take(encrypts);
    context.isRecent = true;
    return context.pointer;
  }

  #take(encrypts: 0 | 1): Pointer {
    if (this.#isReleased) throw new Error('a key is used after it was released');
    this.#return();
    this.#context = this.#machine.keyed(this, this.#cipher, this.#key, encrypts);
    return this.#context.pointer;
  }

  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    content: Uint8Array,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): number {
    const trailerAt = at + content.length;
    const end = trailerAt + trailer.length;
    // OpenSSL gets bare addresses: this is the check that counts.
    if (!(at >= 0) || !Number.isInteger(at) || end + tagLength > out.length)
      throw new RangeError('no room for a record');
    const machine = this.#machine;
    const { memory, tag, library } = machine;
    const context = this.#use(1);
    const start = memory.addressOf(out);
    machine.begin(context, nonce, additionalData);
    if (content.length <= joinLimit) {
      out.set(content, at);
      copyFew(trailer, out, trailerAt);
      machine.update(context, start + at, end - at, start + at);
    } else {
      // The one buffer of the application's that is read past JavaScript's own checks.
      if (trueLength.call(content) !== content.length) throw new RangeError('a buffer that lies about its length');
      const from = library.addressOf(content);
      copyFew(trailer, out, trailerAt);
      machine.update(context, from, content.length, start + at);
      machine.update(context, start + trailerAt, trailer.length, start + trailerAt);
    }
    succeed(library.openssl.EVP_CipherFinal_ex(context, tag.address, machine.count.address));
    succeed(library.openssl.EVP_CIPHER_CTX_ctrl(context, getTag, tagLength, start + end));
    return end + tagLength;
  }

  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    buffer: Uint8Array,
    start: number,
    end: number,
    room?: Room,
  ): Uint8Array | undefined {
    if (!(start >= 0) || !Number.isInteger(start) || !(end <= buffer.length)) throw new RangeError('no such record');
    const length = end - start - tagLength;
    if (!(length >= 0)) return undefined;
    const machine = this.#machine;
    const { memory, tag, library } = machine;
    const context = this.#use(0);
    machine.begin(context, nonce, additionalData);
    // Not in place: the application keeps what it is given, and `buffer` is read into again.
    const plaintext = takeFrom(room, length) ?? allocate(length);
    if (length > 0) machine.update(context, memory.addressOf(buffer) + start, length, library.addressOf(plaintext));
    for (let i = 0; i < tagLength; i++) tag.bytes[i] = buffer[end - tagLength + i]!;
    succeed(library.openssl.EVP_CIPHER_CTX_ctrl(context, setTag, tagLength, tag.address));
    if (library.openssl.EVP_CipherFinal_ex(context, tag.address, machine.count.address) === 1) return plaintext;
    wipe(plaintext);
    library.openssl.ERR_clear_error(); // node:crypto would take it for its own
    return undefined;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    wipe(this.#key);
    this.#machine.memory.forget();
    this.#return();
  }

  #return(): void {
    if (this.#context) this.#machine.contexts.give(this, this.#context, this.#machine.zeros.address);
    this.#context = undefined;
  }
}
