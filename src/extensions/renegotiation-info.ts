import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

/**
 * renegotiation_info (RFC 5746 section 3.2), for TLS 1.2: empty in the only handshake that we make on a connection.
 */
export const renegotiationInfo: Extension<Uint8Array, true> = extension(
  ExtensionType.renegotiationInfo,
  (r) => r.end(r.vector8(0, 'renegotiation_info').rest()),
  (w) => w.vector8(() => {}),
);
