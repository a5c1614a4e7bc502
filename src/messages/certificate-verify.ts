import { HandshakeType } from '../wire/code-points.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { type HandshakeMessage, writeMessage } from './handshake-message.ts';

/** Of both versions: in TLS 1.2 the two bytes are hash and signature algorithm (RFC 5246 section 7.4.8). */
export interface CertificateVerify {
  readonly scheme: number;
  readonly signature: Uint8Array;
}

// RFC 8446 section 4.4.3: struct { SignatureScheme algorithm; opaque signature<0..2^16-1>; } CertificateVerify;
export const writeCertificateVerify = (scheme: number, signature: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.certificateVerify, (w) => w.u16(scheme).vector16((s) => s.bytes(signature)), 1024);

export function readCertificateVerify({ body }: HandshakeMessage): CertificateVerify {
  const r = new Reader(body, 'CertificateVerify');
  return r.end({ scheme: r.u16(), signature: r.vector16().rest() });
}

const contextOf = (side: 'client' | 'server'): Uint8Array =>
  new Writer().ascii(' '.repeat(64)).ascii(`TLS 1.3, ${side} CertificateVerify`).u8(0).take();
const serverContext = contextOf('server');
const clientContext = contextOf('client');

/** What a server's CertificateVerify signs (RFC 8446 section 4.4.3). */
export const serverSignatureInput = (transcriptHash: Uint8Array): Uint8Array =>
  new Writer(160).bytes(serverContext).bytes(transcriptHash).take();

/** What a client's CertificateVerify signs (RFC 8446 section 4.4.3). */
export const clientSignatureInput = (transcriptHash: Uint8Array): Uint8Array =>
  new Writer(160).bytes(clientContext).bytes(transcriptHash).take();
