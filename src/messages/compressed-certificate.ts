import { HandshakeType } from '../wire/code-points.ts';
import { Reader } from '../wire/reader.ts';
import { type HandshakeMessage, writeMessage } from './handshake-message.ts';

/** A Certificate message whose body is compressed (RFC 8879 section 4). */
export interface CompressedCertificate {
  /** CertificateCompressionAlgorithm. */
  readonly algorithm: number;
  /** Bytes of the body before it was compressed. */
  readonly length: number;
  readonly compressed: Uint8Array;
}

// struct {
//   CertificateCompressionAlgorithm algorithm; uint24 uncompressed_length;
//   opaque compressed_certificate_message<1..2^24-1>;
// } CompressedCertificate;
export const writeCompressedCertificate = (message: CompressedCertificate): Uint8Array =>
  writeMessage(
    HandshakeType.compressedCertificate,
    (w) =>
      w
        .u16(message.algorithm)
        .u24(message.length)
        .vector24((c) => c.bytes(message.compressed)),
    message.compressed.length + 16,
  );

export function readCompressedCertificate({ body }: HandshakeMessage): CompressedCertificate {
  const r = new Reader(body, 'CompressedCertificate');
  return r.end({ algorithm: r.u16(), length: r.u24(), compressed: r.vector24(1).rest() });
}
