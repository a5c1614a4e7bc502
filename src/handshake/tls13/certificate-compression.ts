import { readCompressedCertificate, writeCompressedCertificate } from '../../messages/compressed-certificate.ts';
import { type HandshakeMessage, messageHeaderLength } from '../../messages/handshake-message.ts';
import { maxMessageLength } from '../../messages/handshake-reader.ts';
import { fail } from '../../wire/alert.ts';
import type { Credential } from '../../x509/credential.ts';
import type { CertificateCompressor } from '../config.ts';

interface Compressed {
  /** The Certificate message that was compressed: with a new staple it is another. */
  readonly of: Uint8Array;
  readonly message: Uint8Array;
}

/** What was compressed, so that it happens once for each credential and algorithm. */
const cache = new WeakMap<Credential, Map<number, Compressed>>();

/** The Certificate message, compressed if the client takes that and it makes the message shorter (RFC 8879 section 4). */
export function compressCertificate(
  credential: Credential,
  certificate: Uint8Array,
  ours: readonly CertificateCompressor[] | undefined,
  theirs: readonly number[] | undefined,
): Uint8Array {
  const compressor = ours?.find(({ algorithm }) => theirs?.includes(algorithm));
  if (compressor === undefined) return certificate;
  const { algorithm } = compressor;
  const byAlgorithm = cache.get(credential) ?? new Map<number, Compressed>();
  cache.set(credential, byAlgorithm);
  let found = byAlgorithm.get(algorithm);
  if (found === undefined || Buffer.compare(found.of, certificate) !== 0) {
    const body = certificate.subarray(messageHeaderLength);
    const message = writeCompressedCertificate({
      algorithm,
      length: body.length,
      compressed: compressor.compress(body),
    });
    // Copies: views would keep all that was written beside them.
    found = { of: new Uint8Array(certificate), message: new Uint8Array(message) };
    byAlgorithm.set(algorithm, found);
  }
  return found.message.length < certificate.length ? found.message : certificate;
}

/**
 * The Certificate in a CompressedCertificate. Throws `TlsAlert` for an algorithm that we did not offer, and for
 * contents that are not what they say (RFC 8879 section 4). Never gives more bytes than a message may have.
 */
export function decompressCertificate(
  message: HandshakeMessage,
  ours: readonly CertificateCompressor[],
): HandshakeMessage {
  const { algorithm, length, compressed } = readCompressedCertificate(message);
  const compressor = ours.find((candidate) => candidate.algorithm === algorithm);
  if (compressor === undefined) {
    fail('illegalParameter', `the certificate is compressed by algorithm ${algorithm}`, 'UNKNOWN_CERT_COMPRESSION_ALG');
  }
  if (length > maxMessageLength) {
    fail('badCertificate', `the certificate has ${length} bytes uncompressed`, 'UNCOMPRESSED_CERT_TOO_LARGE');
  }
  const body = compressor.decompress(compressed, length);
  if (body?.length !== length) {
    fail('badCertificate', 'the compressed certificate does not decompress', 'CERT_DECOMPRESSION_FAILED');
  }
  return { type: message.type, raw: message.raw, body };
}
