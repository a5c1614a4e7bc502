import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { nodeCertificate, type X509Certificate } from '../crypto/node/x509.ts';
import type { ClientIdentity } from '../handshake/handshake.ts';
import type { HandshakeReport } from '../handshake/report.ts';
import type { OwnBuffer } from '../wire/own-buffer.ts';
import { checkFunction, checkNumber, checkObject, checkString, invalidArgType } from './arguments.ts';
import type { SecureContextOptions } from './context-options.ts';
import { nodeError } from './errors.ts';
import { publish } from './handshake-channels.ts';
import { traceTo } from './handshake-trace.ts';
import { type LegacyCertificate, legacyCertificate } from './legacy-certificate.ts';
import { notePeer } from './peer-address.ts';
import { peerCertificate } from './peer-certificates.ts';
import { ConnectionPolicy } from './policy.ts';
import { asSecureContext, type SecureContext } from './secure-context.ts';
import { SecureStream, type StreamRole } from './secure-stream.ts';
import { standaloneRole } from './standalone-role.ts';
import {
  asBuffer,
  type CipherInfo,
  chosenProtocol,
  cipherInfo,
  type EarlyDataState,
  earlyDataState,
  keyingMaterial,
  requestedHost,
  sharedSigalgs,
} from './tls-socket-facts.ts';
import type { TLSSocketOptions } from './tls-socket-options.ts';

/** What a Server adds to the sockets that it makes. */
export interface ServerSide {
  readonly ownsTransport: boolean;
  readonly server: Server;
  readonly role: (socket: TLSSocket) => StreamRole;
}

/** The server's end of a TLS connection: a `net.Socket` whose data is encrypted on the way. */
export class TLSSocket extends SecureStream {
  readonly encrypted = true as const;
  /** The server that accepted the connection, or that the option `server` named; else `null`. A field of net.Socket's own. */
  declare server: Server | null;
  /** Whether the client showed a certificate of an authority that the server trusts. */
  authorized = false;
  /** Why it is not authorized: OpenSSL's name of it (`CERT_HAS_EXPIRED`); `null` where it was not asked, and where it is. */
  authorizationError: string | null = null;
  /** The same in words, with the certificate that it concerns. */
  authorizationReason: string | null = null;
  #client: ClientIdentity | undefined;
  /** Whom to tell when the client has answered a request for its certificate. */
  #whenAnswered: ((authorized: boolean) => void) | undefined;

  /**
   * Makes the server's end of TLS over a stream. Throws `ERR_INVALID_ARG_TYPE`, and what `createSecureContext`
   * throws. When the handshake is done, `secure` is emitted; when it fails, `error`.
   */
  constructor(stream: Duplex, options: TLSSocketOptions = {}, server?: ServerSide) {
    if (typeof stream !== 'object' || stream === null || typeof stream.on !== 'function') {
      throw invalidArgType('socket', 'an instance of Duplex', stream);
    }
    const { allowHalfOpen = false, highWaterMark } = options;
    // The server has set these on the handle already: the socket must know, so that they can be taken back.
    const { noDelay, keepAlive } = (server?.server ?? {}) as { noDelay?: boolean; keepAlive?: boolean };
    const role = server?.role ?? standaloneRole(options);
    super(
      stream,
      { allowHalfOpen, highWaterMark, noDelay, keepAlive },
      role as (self: SecureStream) => StreamRole,
      server?.ownsTransport === true,
    );
    if (options.enableTrace) this.enableTrace();
    if (options.pauseOnConnect) this.pause();
    this.server = server?.server ?? options.server ?? null;
    publish('start', () => ({ socket: this, report: this.handshakeReport }));
  }

  /** @internal Notes who the client is. */
  override hearClient(client: ClientIdentity): void {
    const { verdict } = client;
    this.#client = client;
    this.authorized = verdict.authorized;
    this.authorizationError = verdict.authorized ? null : (verdict.code ?? 'UNSPECIFIED');
    this.authorizationReason = verdict.authorized ? null : (verdict.message ?? null);
    this.#whenAnswered?.(verdict.authorized);
    this.#whenAnswered = undefined;
  }

  /**
   * Asks the client for a certificate now (RFC 8446 section 4.6.2). Returns a promise of whether it is authorized, as
   * `authorized`, `authorizationError` and `getPeerCertificate()` then tell too. With `rejectUnauthorized` a client that is
   * not gets an alert, and the connection ends. Rejects with `ERR_TLS_CERTIFICATE_REQUEST_REFUSED` where the client
   * cannot be asked: in TLS 1.2, over HTTP/2 (RFC 8740 section 3), where it did not say that it can, came by an external PSK
   * (RFC 9846 section 4.4.2), or is being asked.
   */
  requestCertificate({ rejectUnauthorized = false }: { readonly rejectUnauthorized?: boolean } = {}): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const auth = (this.policy as ConnectionPolicy).authentication(rejectUnauthorized);
      if (this.alpnProtocol === 'h2' || !this.connection.requestCertificate(auth)) {
        const why = this.alpnProtocol === 'h2' ? 'HTTP/2 forbids it' : 'it has not offered that, or is being asked';
        const message = `The client cannot be asked for a certificate after the handshake: ${why}`;
        return reject(nodeError('ERR_TLS_CERTIFICATE_REQUEST_REFUSED', message));
      }
      const closed = (): void =>
        reject(nodeError('ECONNRESET', 'the connection was closed before the client answered'));
      this.once('close', closed);
      this.#whenAnswered = (authorized) => {
        this.off('close', closed);
        resolve(authorized);
      };
    });
  }

  /**
   * Sends the client another session ticket (RFC 8446 section 4.6.1). Returns a promise of whether it can use one: not
   * in TLS 1.2, where a ticket is part of the handshake. Rejects with what the application's store fails with.
   */
  sendTicket(): Promise<boolean> {
    return this.connection.sendTicket();
  }

  /**
   * The client's certificate; an empty object where there is none, `null` once the socket is destroyed. With `detailed`
   * it has its issuer's certificate as `issuerCertificate`, and so on.
   */
  getPeerCertificate(detailed = false): LegacyCertificate | Record<string, never> | null {
    return this.destroyed ? null : peerCertificate(this.#client, detailed);
  }

  /** The client's certificate as Node's X509Certificate; `undefined` where there is none. */
  getPeerX509Certificate(): X509Certificate | undefined {
    const der = this.#client?.chain[0];
    return der && nodeCertificate(der);
  }

  /**
   * What became of the data that the client sent with its ClientHello (0-RTT): `rejected`; `accepted`, when what is
   * read may be a replay; `confirmed`, from the event of that name on; `null` where the client offered none.
   */
  get earlyData(): EarlyDataState {
    return earlyDataState(this.connection);
  }

  /** The session that the client could resume, with its secret, as `newSession` tells it; `undefined` where there is none. */
  getSession(): OwnBuffer | undefined {
    const session = this.connection.secured?.session?.();
    return session && Buffer.from(session); // a copy, since ours is wiped when the connection ends
  }

  /** `undefined`, as in Node on a server: tickets are the client's. */
  getTLSTicket(): undefined {
    return undefined;
  }

  /** Everything that is known of the handshake: while it goes on, and afterwards. */
  get handshakeReport(): HandshakeReport {
    const { report } = this.connection;
    notePeer(report, this);
    return report;
  }

  /** The protocol chosen by ALPN, `false` when there is none, `null` before the handshake is done. */
  get alpnProtocol(): string | false | null {
    return chosenProtocol(this.connection, 'alpnProtocol');
  }

  /** The protocol that the client chose by NPN (TLS 1.2), `false` when there is none, `null` before the handshake is done. */
  get npnProtocol(): string | false | null {
    return chosenProtocol(this.connection, 'npnProtocol');
  }

  /** The host that the client asked for, `false` when it named none, `null` before its ClientHello was read. */
  get servername(): string | false | null {
    return requestedHost(this.connection.report);
  }

  /** Whether the handshake is done, by the name under which code that knows node:tls too well looks for it. @internal */
  get _secureEstablished(): boolean {
    return this.connection.isSecure;
  }

  /** `TLSv1.3` or `TLSv1.2`; `null` before it is chosen. */
  getProtocol(): string | null {
    return this.connection.report.version ?? null;
  }

  /** The cipher suite; as in Node `undefined` before it is chosen, of which the type says nothing. */
  getCipher(): CipherInfo {
    return cipherInfo(this.connection.report) as CipherInfo;
  }

  /** The verify_data of our Finished. */
  getFinished(): OwnBuffer | undefined {
    return asBuffer(this.connection.secured?.ownFinished);
  }

  /** The verify_data of the client's Finished. */
  getPeerFinished(): OwnBuffer | undefined {
    return asBuffer(this.connection.secured?.peerFinished);
  }

  /** Our certificate, as `getPeerCertificate` of node:tls would tell it; `null` before one is chosen. */
  getCertificate(): LegacyCertificate | null {
    const der = this.connection.report.credential?.chain[0];
    return der === undefined ? null : legacyCertificate(der);
  }

  /** Our certificate as Node's X509Certificate; `undefined` before one is chosen. */
  getX509Certificate(): X509Certificate | undefined {
    const der = this.connection.report.credential?.chain[0];
    return der && nodeCertificate(der);
  }

  /** Signature schemes that both sides have, in our order and OpenSSL's spelling (`RSA-PSS+SHA256`). */
  getSharedSigalgs(): string[] {
    return sharedSigalgs(this.connection.report);
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
   * `ERR_TLS_INVALID_STATE` before the handshake is done, and when the connection is over.
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): OwnBuffer {
    return keyingMaterial(this.connection, length, label, context);
  }

  /**
   * Replaces the keys of both directions (KeyUpdate, RFC 8446 section 4.6.3). Returns whether that is possible: not
   * on TLS 1.2, and not before the handshake is done. Keys are replaced by themselves before they wear out.
   */
  updateKeys(): boolean {
    return this.connection.updateKeys();
  }

  /** Renegotiation does not exist in TLS 1.3 and is refused in TLS 1.2. Returns `false`; the callback gets an error. */
  renegotiate(options: object, callback?: (error: Error | null) => void): boolean {
    checkObject('options', options);
    if (callback !== undefined) checkFunction('callback', callback);
    const error = this.getProtocol() === 'TLSv1.3' ? wrongVersion() : renegotiationDisabled();
    if (callback) process.nextTick(callback, error);
    return false;
  }

  /** From now on a client that tries to renegotiate is cut off, with `ERR_TLS_RENEGOTIATION_DISABLED`. */
  disableRenegotiation(): void {
    this.connection.disableRenegotiation();
  }

  /** Sends records of at most `size` bytes, 512 to 16,384; returns whether that is a size. */
  setMaxSendFragment(size: number): boolean {
    checkNumber('size', size, -(2 ** 31), 2 ** 31 - 1, true);
    if (size < 512 || size > 16_384) return false;
    this.connection.capFragments(size);
    return true;
  }

  /** Shows another certificate: from within `SNICallback` or `ALPNCallback`, in the handshake that asks. */
  setKeyCert(context: SecureContext | SecureContextOptions): void {
    const made = asSecureContext(context);
    if (this.policy instanceof ConnectionPolicy) this.policy.setKeyCert(made);
  }

  /** Always throws: the name is the client's to say. */
  setServername(name: string): never {
    checkString('name', name);
    throw nodeError('ERR_TLS_SNI_FROM_SERVER', 'Cannot issue SNI from a TLS server-side socket');
  }

  /** Writes to standard error what is sent and received, from now on; application data is left out. */
  enableTrace(): void {
    this.trace = traceTo(this);
  }
}

const wrongVersion = (): Error =>
  nodeError('ERR_SSL_WRONG_SSL_VERSION', 'error:0A00010A:SSL routines::wrong ssl version', Error, {
    library: 'SSL routines',
    reason: 'wrong ssl version',
  });
const renegotiationDisabled = (): Error =>
  nodeError('ERR_TLS_RENEGOTIATION_DISABLED', 'TLS session renegotiation disabled for this socket');
