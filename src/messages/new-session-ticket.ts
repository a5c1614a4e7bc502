import { ExtensionType, HandshakeType } from '../wire/code-points.ts';
import { writeMessage } from './handshake-message.ts';

/** NewSessionTicket of TLS 1.3 (RFC 8446 section 4.6.1). */
export interface NewSessionTicket13 {
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
  /** Most bytes of early data; 0 for none (RFC 8446 section 4.2.10). */
  readonly maxEarlyData: number;
}

// struct {
//   uint32 ticket_lifetime; uint32 ticket_age_add; opaque ticket_nonce<0..255>;
//   opaque ticket<1..2^16-1>; Extension extensions<0..2^16-1>;
// } NewSessionTicket;
export const writeNewSessionTicket13 = (message: NewSessionTicket13): Uint8Array =>
  writeMessage(
    HandshakeType.newSessionTicket,
    (w) => {
      w.u32(message.lifetime)
        .u32(message.ageAdd)
        .vector8((nonce) => nonce.bytes(message.nonce))
        .vector16((ticket) => ticket.bytes(message.ticket))
        .vector16((extensions) => {
          const { maxEarlyData } = message;
          if (maxEarlyData > 0) extensions.u16(ExtensionType.earlyData).vector16((body) => body.u32(maxEarlyData));
        });
    },
    message.ticket.length + 48,
  );

/** NewSessionTicket of TLS 1.2 (RFC 5077 section 3.3); the lifetime, in seconds, is a hint. */
export const writeNewSessionTicket12 = (lifetime: number, ticket: Uint8Array): Uint8Array =>
  writeMessage(
    HandshakeType.newSessionTicket,
    (w) => w.u32(lifetime).vector16((t) => t.bytes(ticket)),
    ticket.length + 16,
  );
