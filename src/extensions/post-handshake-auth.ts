import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, flag, unanswered } from './extension.ts';

/** post_handshake_auth (RFC 8446 section 4.2.6): the client can be asked for its certificate later. */
export const postHandshakeAuth: Extension<true, never> = extension(ExtensionType.postHandshakeAuth, flag, unanswered);
