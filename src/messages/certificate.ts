import { readRawExtensions } from '../extensions/registry.ts';
import { fail } from '../wire/alert.ts';
import { ExtensionType, extensionName, HandshakeType } from '../wire/code-points.ts';
import { Reader } from '../wire/reader.ts';
import { type HandshakeMessage, writeMessage } from './handshake-message.ts';

/** CertificateStatusType ocsp (RFC 6066 section 8). */
const ocsp = 1;

/**
 * Certificate of TLS 1.3 (RFC 8446 section 4.4.2): DER certificates, the end entity's first. `staple` is an OCSP
 * response for that one (section 4.4.2.1).
 */
export const writeCertificate13 = (chain: readonly Uint8Array[], staple?: Uint8Array): Uint8Array =>
  writeMessage(
    HandshakeType.certificate,
    (w) =>
      w
        .vector8(() => {}) // certificate_request_context: empty in a server's Certificate
        .vector24((list) => {
          for (const [index, der] of chain.entries()) {
            list
              .vector24((entry) => entry.bytes(der))
              .vector16((extensions) => {
                if (index > 0 || staple === undefined) return;
                extensions
                  .u16(ExtensionType.statusRequest)
                  .vector16((status) => status.u8(ocsp).vector24((response) => response.bytes(staple)));
              });
          }
        }),
    capacity(chain) + (staple?.length ?? 0),
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

const capacity = (chain: readonly Uint8Array[]): number => chain.reduce((sum, der) => sum + der.length + 8, 24);

/** CertificateStatus of TLS 1.2 (RFC 6066 section 8): an OCSP response for the certificate before it. */
export const writeCertificateStatus = (response: Uint8Array): Uint8Array =>
  writeMessage(
    HandshakeType.certificateStatus,
    (w) => w.u8(ocsp).vector24((r) => r.bytes(response)),
    response.length + 16,
  );

/** Most certificates that a client may send. */
const maxChainLength = 100;

/** The client's certificates in a Certificate of TLS 1.2, its own first; copies. Throws `TlsAlert`. */
export function readCertificate12({ body }: HandshakeMessage): readonly Uint8Array[] {
  const r = new Reader(body, 'Certificate');
  const chain = r.end(r.vector24().list((list) => Uint8Array.from(list.vector24(1).rest())));
  return checkLength(chain);
}

/**
 * The client's certificates in a Certificate of TLS 1.3, its own first; copies. Throws `TlsAlert` for a context other
 * than that of the request, and for extensions, of which we ask for none (RFC 8446 section 4.4.2).
 */
export function readCertificate13({ body }: HandshakeMessage, context: Uint8Array): readonly Uint8Array[] {
  const r = new Reader(body, 'Certificate');
  if (Buffer.compare(r.vector8().rest(), context) !== 0) {
    fail('illegalParameter', 'the certificate_request_context is not that of the request', 'INVALID_CONTEXT');
  }
  const chain = r.end(
    r.vector24().list((list) => {
      const der = Uint8Array.from(list.vector24(1).rest());
      for (const { type } of readRawExtensions(list.vector16())) {
        fail(
          'unsupportedExtension',
          `the Certificate has the extension ${extensionName(type)}, which was not asked for`,
        );
      }
      return der;
    }),
  );
  return checkLength(chain);
}

function checkLength(chain: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chain.length > maxChainLength)
    fail('badCertificate', `a chain of ${chain.length} certificates`, 'CHAIN_TOO_LONG');
  return chain;
}
