import { hasReplies, type Replies, writeReplies } from '../extensions/registry.ts';
import { HandshakeType, ProtocolVersion } from '../wire/code-points.ts';
import { writeMessage } from './handshake-message.ts';

export interface ServerHello {
  /** 32 bytes; `helloRetryRequestRandom` makes the message a HelloRetryRequest. */
  readonly random: Uint8Array;
  /** TLS 1.3: the client's, echoed. TLS 1.2: of the session, or empty. */
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly replies: Replies;
}

/** SHA-256 of "HelloRetryRequest": the random that tells that message from a ServerHello (RFC 8446 section 4.1.3). */
export const helloRetryRequestRandom: Uint8Array = Uint8Array.from(
  Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
);

// struct {
//   ProtocolVersion legacy_version = 0x0303; Random random; opaque legacy_session_id_echo<0..32>;
//   CipherSuite cipher_suite; uint8 legacy_compression_method = 0; Extension extensions<6..2^16-1>;
// } ServerHello;
export const writeServerHello = (hello: ServerHello): Uint8Array =>
  writeMessage(HandshakeType.serverHello, (w) => {
    w.u16(ProtocolVersion.tls12)
      .bytes(hello.random)
      .vector8((id) => id.bytes(hello.sessionId))
      .u16(hello.cipherSuite)
      .u8(0);
    // In TLS 1.2 a block without extensions is left out (RFC 5246 section 7.4.1.3).
    if (hasReplies(hello.replies)) writeReplies(w, hello.replies);
  });
