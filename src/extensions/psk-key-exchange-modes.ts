import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension, unanswered } from './extension.ts';

/** psk_key_exchange_modes (RFC 8446 section 4.2.9): 0 is psk_ke, 1 is psk_dhe_ke. */
export const pskKeyExchangeModes: Extension<readonly number[], never> = extension(
  ExtensionType.pskKeyExchangeModes,
  (r) => r.end(r.vector8(1, 'psk_key_exchange_modes').u8s()),
  unanswered,
);
