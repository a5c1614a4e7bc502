import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, flag } from './extension.ts';

/**
 * next_protocol_negotiation (draft-agl-tls-nextprotoneg-04 section 3), before there was ALPN: the server lists its
 * protocols, and the client tells its choice in a message of its own.
 */
export const nextProtocolNegotiation: Extension<true, readonly string[]> = extension(
  ExtensionType.nextProtocolNegotiation,
  flag,
  (w, protocols: readonly string[]) => {
    for (const protocol of protocols) w.vector8((name) => name.ascii(protocol));
  },
);
