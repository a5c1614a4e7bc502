import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension, unanswered } from './extension.ts';

// RFC 8446 section 4.2.3: SignatureScheme supported_signature_algorithms<2..2^16-2>;
const readSchemes = (r: Reader): readonly number[] => r.end(r.vector16(2, 'signature_algorithms').u16s());

/** signature_algorithms (RFC 8446 section 4.2.3): what the client verifies in handshake signatures. */
export const signatureAlgorithms: Extension<readonly number[], never> = extension(
  ExtensionType.signatureAlgorithms,
  readSchemes,
  unanswered,
);

/** signature_algorithms_cert (RFC 8446 section 4.2.3): what the client verifies in certificates, if that differs. */
export const signatureAlgorithmsCert: Extension<readonly number[], never> = extension(
  ExtensionType.signatureAlgorithmsCert,
  readSchemes,
  unanswered,
);
