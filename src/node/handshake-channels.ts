import { channel } from 'node:diagnostics_channel';
import type { HandshakeReport } from '../handshake/report.ts';
import type { TlsClientError } from './errors.ts';

/** What subscribers of the channels of `node:diagnostics_channel` get. */
export interface HandshakeMessages {
  /** `tsls:handshake:start`: a connection is there. */
  start: { readonly socket: object; readonly report: HandshakeReport };
  /** `tsls:handshake:end`: it is secure. */
  end: { readonly socket: object; readonly report: HandshakeReport };
  /** `tsls:handshake:error`: it will not be. */
  error: { readonly socket: object; readonly report: HandshakeReport; readonly error: TlsClientError };
}

const channels = {
  start: channel('tsls:handshake:start'),
  end: channel('tsls:handshake:end'),
  error: channel('tsls:handshake:error'),
};

/** Whether anybody subscribes to the channel. */
export const hearsOf = (stage: keyof HandshakeMessages): boolean => channels[stage].hasSubscribers;

/** Tells subscribers of a handshake, for the price of a look when there are none. */
export function publish<K extends keyof HandshakeMessages>(stage: K, message: () => HandshakeMessages[K]): void {
  if (hearsOf(stage)) channels[stage].publish(message());
}
