import { type Offers, type RawExtension, readOffers, readRawExtensions } from '../extensions/registry.ts';
import { Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/** A ClientHello (RFC 8446 section 4.1.2), as the client sent it. */
export interface ClientHello {
  /** The handshake message with its 4-byte header. */
  readonly raw: Uint8Array;
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  /** All extensions in order, unknown ones and GREASE included; read anew each time. */
  readonly extensions: readonly RawExtension[];
  /** The contents of those extensions that we know. */
  readonly offers: Offers;
}

// struct {
//   ProtocolVersion legacy_version; Random random; opaque legacy_session_id<0..32>;
//   CipherSuite cipher_suites<2..2^16-2>; opaque legacy_compression_methods<1..2^8-1>; Extension extensions<..>;
// } ClientHello;
export function readClientHello(message: HandshakeMessage): ClientHello {
  const r = new Reader(message.body, 'ClientHello');
  const legacyVersion = r.u16();
  const random = r.bytes(32);
  const sessionId = r.vector8().rest(0, 32);
  const cipherSuites = r.vector16(2).u16s();
  const compressionMethods = r.vector8(1).u8s();
  // Before TLS 1.3 the whole block may be missing (RFC 5246 section 7.4.1.2).
  const start = r.done ? undefined : message.body.length - r.remaining;
  const offers = start === undefined ? {} : readOffers(r.vector16());
  r.end(undefined);
  const fields = { raw: message.raw, legacyVersion, random, sessionId, cipherSuites, compressionMethods, offers };
  return new ReceivedHello(fields, message.body, start);
}

type Fields = Omit<ClientHello, 'extensions'>;

/** A class, because V8 takes microseconds to make an object with a getter of its own. */
class ReceivedHello implements ClientHello {
  readonly raw: Uint8Array;
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  readonly offers: Offers;
  readonly #body: Uint8Array;
  /** Where the extensions begin in the body, if there are any. */
  readonly #start: number | undefined;

  constructor(fields: Fields, body: Uint8Array, start: number | undefined) {
    this.raw = fields.raw;
    this.legacyVersion = fields.legacyVersion;
    this.random = fields.random;
    this.sessionId = fields.sessionId;
    this.cipherSuites = fields.cipherSuites;
    this.compressionMethods = fields.compressionMethods;
    this.offers = fields.offers;
    this.#body = body;
    this.#start = start;
  }

  get extensions(): readonly RawExtension[] {
    if (this.#start === undefined) return [];
    return readRawExtensions(new Reader(this.#body, 'extensions', this.#start).vector16());
  }
}
