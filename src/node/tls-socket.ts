import type { SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientIdentity } from '../handshake/handshake.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import { versionName } from '../wire/code-points.ts';
import { type AlpnProtocols, readAlpnProtocols } from './alpn-protocols.ts';
import { invalidArgType, isGiven } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import { nodeError } from './errors.ts';
import { ConnectionPolicy, checkPolicyOptions, type PolicyOptions } from './policy.ts';
import { asSecureContext, createSecureContext, type SecureContext } from './secure-context.ts';
import { SecureStream, type StreamRole } from './secure-stream.ts';

export interface TLSSocketOptions extends SecureContextOptions, Omit<PolicyOptions, 'alpnProtocols'> {
  /** Must be true: tsls is a server. */
  readonly isServer?: boolean | undefined;
  readonly secureContext?: SecureContext | undefined;
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
}

/** What a Server adds to the sockets that it makes. @internal */
export interface ServerSide {
  readonly ownsTransport: boolean;
  readonly role: (socket: TLSSocket) => StreamRole;
}

/** A cipher suite as `getCipher` tells it. */
export interface CipherInfo {
  /** OpenSSL's name. */
  readonly name: string;
  /** The RFC's name. */
  readonly standardName: string;
  readonly version: string;
}

/** The server's end of a TLS connection: a `net.Socket` whose data is encrypted on the way. */
export class TLSSocket extends SecureStream {
  readonly encrypted = true as const;
  /** Whether the client showed a certificate of an authority that the server trusts. */
  authorized = false;
  /** Why it is not authorized: OpenSSL's name of it (`CERT_HAS_EXPIRED`); `null` where it was not asked, and where it is. */
  authorizationError: string | null = null;
  /** The same in words, with the certificate that it concerns. */
  authorizationReason: string | null = null;

  /**
   * Makes the server's end of TLS over a stream. Throws `ERR_INVALID_ARG_TYPE`, and what `createSecureContext`
   * throws. When the handshake is done, `secure` is emitted; when it fails, `error`.
   */
  constructor(stream: Duplex, options: TLSSocketOptions = {}, server?: ServerSide) {
    if (typeof stream !== 'object' || stream === null || typeof stream.on !== 'function') {
      throw invalidArgType('socket', 'an instance of Duplex', stream);
    }
    const { allowHalfOpen = false, highWaterMark } = options;
    const streamOptions = { allowHalfOpen, ...(highWaterMark !== undefined && { highWaterMark }) };
    const role = server?.role ?? standaloneRole(options);
    super(
      stream,
      streamOptions as SocketConstructorOpts,
      (self) => role(self as TLSSocket),
      server?.ownsTransport === true,
    );
  }

  /** @internal Notes who the client is. */
  override hearClient({ verdict }: ClientIdentity): void {
    this.authorized = verdict.authorized;
    this.authorizationError = verdict.authorized ? null : (verdict.code ?? 'UNSPECIFIED');
    this.authorizationReason = verdict.authorized ? null : (verdict.message ?? null);
  }

  /** Everything that is known of the handshake: while it goes on, and afterwards. */
  get handshakeReport(): HandshakeReport {
    return this.connection.report;
  }

  /** The protocol chosen by ALPN, `false` when there is none, `null` before the handshake is done. */
  get alpnProtocol(): string | false | null {
    return this.connection.isSecure ? (this.connection.report.alpnProtocol ?? false) : null;
  }

  /** The protocol that the client chose by NPN (TLS 1.2), `false` when there is none, `null` before the handshake is done. */
  get npnProtocol(): string | false | null {
    return this.connection.isSecure ? (this.connection.report.npnProtocol ?? false) : null;
  }

  /** The host that the client asked for, `false` when it named none, `null` before the handshake is done. */
  get servername(): string | false | null {
    return this.connection.isSecure ? (this.connection.report.serverName ?? false) : null;
  }

  /** `TLSv1.3` or `TLSv1.2`; `null` before it is chosen. */
  getProtocol(): string | null {
    return this.connection.report.version ?? null;
  }

  /** The cipher suite, once chosen. */
  getCipher(): CipherInfo | undefined {
    const suite = this.connection.report.cipherSuite;
    if (suite === undefined) return undefined;
    return { name: suite.name, standardName: suite.standardName, version: versionName(suite.version) };
  }

  /** The verify_data of our Finished. */
  getFinished(): Buffer | undefined {
    return asBuffer(this.connection.secured?.ownFinished);
  }

  /** The verify_data of the client's Finished. */
  getPeerFinished(): Buffer | undefined {
    return asBuffer(this.connection.secured?.peerFinished);
  }

  /** `null`, as in Node on a server. */
  getEphemeralKeyInfo(): null {
    return null;
  }

  isSessionReused(): boolean {
    return this.connection.report.resumed;
  }

  /**
   * Keying material for other protocols (RFC 5705, RFC 8446 section 7.5): `length` bytes. Throws
   * `ERR_TLS_INVALID_STATE` before the handshake is done.
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const { secured } = this.connection;
    if (!Number.isInteger(length) || length < 1) throw invalidArgType('length', 'a positive integer', length);
    if (typeof label !== 'string') throw invalidArgType('label', 'of type string', label);
    if (context !== undefined && !ArrayBuffer.isView(context))
      throw invalidArgType('context', 'an instance of Buffer', context);
    if (secured === undefined) {
      throw nodeError('ERR_TLS_INVALID_STATE', 'TLS socket connection must be securely established');
    }
    return asBuffer(secured.exportKeyingMaterial(label, length, context))!;
  }

  /**
   * Replaces the keys of both directions (KeyUpdate, RFC 8446 section 4.6.3). Returns whether that is possible: not
   * on TLS 1.2, and not before the handshake is done. Keys are replaced by themselves before they wear out.
   */
  updateKeys(): boolean {
    return this.connection.updateKeys();
  }

  /** Renegotiation does not exist in TLS 1.3 and is refused in TLS 1.2. Returns `false`; the callback gets an error. */
  renegotiate(_options: object, callback?: (error: Error) => void): boolean {
    const error = nodeError('ERR_TLS_RENEGOTIATION_DISABLED', 'TLS session renegotiation disabled for this socket');
    if (callback) process.nextTick(callback, error);
    return false;
  }

  /** Nothing to do: renegotiation is never possible. */
  disableRenegotiation(): void {}
}

const asBuffer = (bytes: Uint8Array | undefined): Buffer | undefined =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** The role of a socket that an application made itself. */
function standaloneRole(options: TLSSocketOptions): (socket: TLSSocket) => StreamRole {
  if (options.isServer !== true) {
    throw nodeError('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'tsls is a server: a TLSSocket needs isServer: true');
  }
  checkPolicyOptions(options);
  const standard = isGiven(options.secureContext)
    ? asSecureContext(options.secureContext, 'options.secureContext')
    : createSecureContext(options);
  const policyOptions = {
    ...options,
    // As in Node, a socket that was made by hand lets in whom it could not authorize unless told otherwise.
    rejectUnauthorized: options.rejectUnauthorized === true,
    alpnProtocols: readAlpnProtocols(options.ALPNProtocols),
  };
  const contexts = { standard, find: () => undefined };
  return (socket) => ({
    policy: new ConnectionPolicy(policyOptions, contexts, socket),
    emitsHandshakeErrors: true,
    handshakeTimeout: 0,
    wantsKeylog: () => socket.listenerCount('keylog') > 0,
    onKeylog: (line) => void socket.emit('keylog', line),
    onHandshake: (error) => {
      if (error === undefined) socket.emit('secure');
    },
  });
}
