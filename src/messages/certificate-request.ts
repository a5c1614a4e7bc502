import { ExtensionType, HandshakeType } from '../wire/code-points.ts';
import type { Writer } from '../wire/writer.ts';
import { writeMessage } from './handshake-message.ts';

export interface CertificateRequest {
  /** Schemes that we verify, in our order. */
  readonly signatureSchemes: readonly number[];
  /** DER names of authorities whose certificates we like to see; none for any. */
  readonly authorities: readonly Uint8Array[];
  /** Algorithms by which a client of TLS 1.3 may compress its Certificate (RFC 8879 section 3); none where empty. */
  readonly compressionAlgorithms: readonly number[];
}

const writeSchemes = (w: Writer, schemes: readonly number[]): Writer =>
  w.vector16((list) => {
    for (const scheme of schemes) list.u16(scheme);
  });

// RFC 5246 section 7.4.4: DistinguishedName certificate_authorities<0..2^16-1>;
// RFC 8446 section 4.2.4: DistinguishedName authorities<3..2^16-1>;
const writeAuthorities = (w: Writer, authorities: readonly Uint8Array[]): Writer =>
  w.vector16((list) => {
    for (const name of authorities) list.vector16((n) => n.bytes(name));
  });

/** CertificateRequest of TLS 1.3 (RFC 8446 section 4.3.2); `context` is empty during the handshake. */
export const writeCertificateRequest13 = (request: CertificateRequest, context: Uint8Array): Uint8Array =>
  writeMessage(HandshakeType.certificateRequest, (w) =>
    w
      .vector8((c) => c.bytes(context))
      .vector16((extensions) => {
        extensions
          .u16(ExtensionType.signatureAlgorithms)
          .vector16((body) => writeSchemes(body, request.signatureSchemes));
        if (request.compressionAlgorithms.length > 0) {
          extensions.u16(ExtensionType.compressCertificate).vector16((body) =>
            body.vector8((list) => {
              for (const algorithm of request.compressionAlgorithms) list.u16(algorithm);
            }),
          );
        }
        if (request.authorities.length === 0) return;
        extensions
          .u16(ExtensionType.certificateAuthorities)
          .vector16((body) => writeAuthorities(body, request.authorities));
      }),
  );

/** ClientCertificateType (RFC 5246 section 7.4.4, RFC 8422 section 5.5): ecdsa_sign goes with EdDSA too. */
const certificateTypes = { rsaSign: 1, ecdsaSign: 64 } as const;

/** CertificateRequest of TLS 1.2 (RFC 5246 section 7.4.4). */
export const writeCertificateRequest12 = (request: CertificateRequest): Uint8Array =>
  writeMessage(HandshakeType.certificateRequest, (w) => {
    w.vector8((types) => types.u8(certificateTypes.rsaSign).u8(certificateTypes.ecdsaSign));
    writeAuthorities(writeSchemes(w, request.signatureSchemes), request.authorities);
  });

/** Most bytes of names that fit into one request. */
export const maxAuthoritiesLength = 60_000;
