import type { BlockList, ServerOpts } from 'node:net';
import type { AlpnProtocols } from './alpn-protocols.ts';
import { checkNumber, isGiven } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import type { CryptoOptions } from './crypto-provider.ts';
import { checkHandshakeLimits, type HandshakeLimitOptions } from './pending-handshakes.ts';
import { checkPolicyOptions, type PolicyOptions } from './policy.ts';
import { checkPskOptions, type PskOptions } from './pre-shared-keys.ts';
import type { SecureContext } from './secure-context.ts';
import type { SessionOptions } from './sessions.ts';
import type { OcspStaplingOptions } from './staple-keeper.ts';

/** Options of `createServer`: those of `net.createServer`, of `createSecureContext`, and what concerns connections. */
export interface TlsOptions
  extends ServerOpts,
    SecureContextOptions,
    SessionOptions,
    PskOptions,
    CryptoOptions,
    HandshakeLimitOptions,
    Omit<PolicyOptions, 'alpnProtocols'> {
  /** Protocols in our order: names, or the wire format. Not together with `ALPNCallback`. */
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  /** Protocols for clients of TLS 1.2 that know NPN and not ALPN (draft-agl-tls-nextprotoneg-04). */
  readonly NPNProtocols?: AlpnProtocols | undefined;
  /** Milliseconds that a handshake may take; 120,000 by default. */
  readonly handshakeTimeout?: number | undefined;
  /** Addresses whose connections are closed unheard; on every Node, though net.Server knows it from 22.13 on. */
  readonly blockList?: BlockList | undefined;
  /** Whether what is sent and received is written to standard error; application data is left out. */
  readonly enableTrace?: boolean | undefined;
  /**
   * Whether the server fetches OCSP responses for its certificates itself, and staples them; false by default. A listener
   * of `OCSPRequest` takes the place of it.
   */
  readonly ocspStapling?: boolean | OcspStaplingOptions | undefined;
  /** A context made before, instead of its options. */
  readonly secureContext?: SecureContext | undefined;
}

/** What one host has of its own beside its context (`addContext`); what is left out is as the server has it. */
export interface HostPolicy {
  /** An empty list means to choose none; where there is one, an `ALPNCallback` is not asked. */
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  readonly requestCert?: boolean | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** What a timer can wait at most. */
const longestTimeout = 2 ** 31 - 1;

/** Throws Node's errors for options of connections that are wrong. */
export function checkServerOptions(options: TlsOptions): void {
  const { handshakeTimeout } = options;
  if (isGiven(handshakeTimeout)) checkNumber('options.handshakeTimeout', handshakeTimeout, 0, longestTimeout);
  checkHandshakeLimits(options);
  checkPolicyOptions(options);
  checkPskOptions(options);
}
