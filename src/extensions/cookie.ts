import { ExtensionType } from '../wire/code-points.ts';
import { type Extension, extension } from './extension.ts';

/** cookie (RFC 8446 section 4.2.2): state of ours that the client brings back after a HelloRetryRequest. */
export const cookie: Extension<Uint8Array, Uint8Array> = extension(
  ExtensionType.cookie,
  (r) => r.end(r.vector16(1, 'cookie').rest()),
  (w, value) => w.vector16((body) => body.bytes(value)),
);
