import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

/** session_ticket (RFC 5077 section 3.2): a ticket, or nothing from a client that would like one. We answer nothing. */
export const sessionTicket: Extension<Uint8Array, true> = extension(
  ExtensionType.sessionTicket,
  (r) => r.rest(),
  () => {},
);
