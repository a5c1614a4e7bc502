import type { Server } from 'node:net';
import type { AlpnProtocols } from './alpn-protocols.ts';
import type { SecureContextOptions } from './context-options.ts';
import type { CryptoOptions } from './crypto-provider.ts';
import type { PolicyOptions } from './policy.ts';
import type { SecureContext } from './secure-context.ts';

/** What an application says of a socket that it makes itself. */
export interface TLSSocketOptions extends SecureContextOptions, CryptoOptions, Omit<PolicyOptions, 'alpnProtocols'> {
  /** Must be true: tsls is a server. */
  readonly isServer?: boolean | undefined;
  readonly secureContext?: SecureContext | undefined;
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
  /** The server to which a socket that the application made belongs: `keylog` is told to it too. */
  readonly server?: Server | undefined;
  /** Whether what is sent and received is written to standard error, as by `enableTrace()`. */
  readonly enableTrace?: boolean | undefined;
  /** Whether nothing is read after the handshake until `resume()` is called. */
  readonly pauseOnConnect?: boolean | undefined;
}
