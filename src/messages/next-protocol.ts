import { fail } from '../wire/alert.ts';
import { ascii, Reader } from '../wire/reader.ts';
import type { HandshakeMessage } from './handshake-message.ts';

/**
 * The protocol in a NextProtocol message (draft-agl-tls-nextprotoneg-04 section 3): a name and padding that makes the
 * message a multiple of 32 bytes long. It comes between the client's ChangeCipherSpec and its Finished.
 */
export function readNextProtocol({ body }: HandshakeMessage): string {
  const r = new Reader(body, 'NextProtocol');
  const protocol = ascii(r.vector8().rest());
  const padding = r.end(r.vector8().rest());
  if (padding.some((byte) => byte !== 0)) fail('illegalParameter', 'the padding of NextProtocol is not zero');
  return protocol;
}
