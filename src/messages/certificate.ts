import { HandshakeType } from '../wire/code-points.ts';
import { writeMessage } from './handshake-message.ts';

/** Certificate of TLS 1.3 (RFC 8446 section 4.4.2): DER certificates, the end entity's first. */
export const writeCertificate13 = (chain: readonly Uint8Array[]): Uint8Array =>
  writeMessage(
    HandshakeType.certificate,
    (w) =>
      w
        .vector8(() => {}) // certificate_request_context: empty in a server's Certificate
        .vector24((list) => {
          for (const der of chain) list.vector24((entry) => entry.bytes(der)).vector16(() => {});
        }),
    capacity(chain),
  );

/** Certificate of TLS 1.2 (RFC 5246 section 7.4.2). */
export const writeCertificate12 = (chain: readonly Uint8Array[]): Uint8Array =>
  writeMessage(
    HandshakeType.certificate,
    (w) =>
      w.vector24((list) => {
        for (const der of chain) list.vector24((entry) => entry.bytes(der));
      }),
    capacity(chain),
  );

const capacity = (chain: readonly Uint8Array[]): number => chain.reduce((sum, der) => sum + der.length + 8, 16);
