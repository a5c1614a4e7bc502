import { ExtensionType } from '../wire/code-points.ts';
import { ascii } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

/**
 * application_layer_protocol_negotiation (RFC 7301 section 3.1). Protocol names are byte strings; each byte is one
 * character here, so that any name survives.
 */
export const alpn: Extension<readonly string[], string> = extension(
  ExtensionType.alpn,
  (r) => r.end(r.vector16(2, 'ALPN').list((list) => ascii(list.vector8(1).rest()))),
  (w, protocol: string) => w.vector16((list) => list.vector8((name) => name.ascii(protocol))),
);
