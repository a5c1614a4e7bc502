import { HandshakeType } from '../wire/code-points.ts';
import { Writer } from '../wire/writer.ts';
import { writeMessage } from './handshake-message.ts';

// RFC 8446 section 4.4.3: struct { SignatureScheme algorithm; opaque signature<0..2^16-1>; } CertificateVerify;
export const writeCertificateVerify = (scheme: number, signature: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.certificateVerify, (w) => w.u16(scheme).vector16((s) => s.bytes(signature)), 1024);

/** What a server's CertificateVerify signs (RFC 8446 section 4.4.3). */
export const serverSignatureInput = (transcriptHash: Uint8Array): Uint8Array =>
  new Writer(100 + transcriptHash.length)
    .bytes(spaces)
    .ascii('TLS 1.3, server CertificateVerify')
    .u8(0)
    .bytes(transcriptHash)
    .take();

const spaces = new Uint8Array(64).fill(0x20);
