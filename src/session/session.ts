import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/** How a connection treats client certificates: a session resumes only under the mode that it was made under. */
export type ClientAuthMode = 'none' | 'request' | 'require';

/** What a connection leaves behind for a later one to resume (RFC 5246 section 7.3, RFC 8446 section 2.2). */
export interface Session {
  /** The version as on the wire. */
  readonly version: number;
  /** The code point of the suite. */
  readonly cipherSuite: number;
  /** TLS 1.2: the master secret, 48 bytes. TLS 1.3: the PSK, as long as the suite's hash. */
  readonly secret: Uint8Array;
  /** Whether the master secret is bound to its handshake (RFC 7627); always so in TLS 1.3. */
  readonly extendedMasterSecret: boolean;
  /** When the full handshake took place at which both sides were authenticated; milliseconds since 1970. */
  readonly authenticatedAt: number;
  /** When this session was handed out; milliseconds since 1970. */
  readonly issuedAt: number;
  /** Seconds after `issuedAt` during which it may be resumed: at most seven days (RFC 8446 section 4.6.1). */
  readonly lifetime: number;
  /** TLS 1.3: what the client adds to the age that it tells (RFC 8446 section 4.6.1); 32 bits. */
  readonly ageAdd: number;
  /** The host that the client asked for; a session is for that host alone (RFC 6066 section 3). */
  readonly serverName: string | undefined;
  readonly alpnProtocol: string | undefined;
  /** The `sessionIdContext` under which it was made. */
  readonly context: Uint8Array;
  readonly clientAuth: ClientAuthMode;
  /** The client's certificates in DER, its own first; they are verified anew whenever the session is resumed. */
  readonly clientChain: readonly Uint8Array[];
  /** Most bytes of early data that a resuming client may send; 0 for none. */
  readonly maxEarlyData: number;
  /** Where it may: who made the session, and remembers whether early data came with it; 8 bytes, or none. */
  readonly issuer: Uint8Array;
}

/** Bytes by which those who remember early data are told apart. */
export const issuerLength = 8;

/** The longest time that a ticket may live, in seconds (RFC 8446 section 4.6.1). */
export const longestLifetime: number = 7 * 24 * 3600;

const format = 2;
const modes: readonly ClientAuthMode[] = ['none', 'request', 'require'];

const writeTime = (w: Writer, milliseconds: number): Writer =>
  w.u16(Math.floor(milliseconds / 2 ** 32)).u32(milliseconds % 2 ** 32);
const readTime = (r: Reader): number => r.u16() * 2 ** 32 + r.u32();

/**
 * A session as bytes. They hold its secret: they belong under a seal, or into a store that is trusted with it. They are
 * written in one place, since what a writer leaves when it grows nobody would wipe.
 */
export function writeSession(session: Session): Uint8Array {
  const w = new Writer(lengthOf(session))
    .u8(format)
    .u16(session.version)
    .u16(session.cipherSuite)
    .u8(session.extendedMasterSecret ? 1 : 0)
    .u8(modes.indexOf(session.clientAuth))
    .u32(session.lifetime)
    .u32(session.ageAdd)
    .u32(session.maxEarlyData);
  writeTime(writeTime(w, session.authenticatedAt), session.issuedAt);
  return w
    .vector8((secret) => secret.bytes(session.secret))
    .vector8((issuer) => issuer.bytes(session.issuer))
    .vector8((context) => context.bytes(session.context))
    .vector8((name) => name.ascii(session.serverName ?? ''))
    .vector8((protocol) => protocol.ascii(session.alpnProtocol ?? ''))
    .vector24((chain) => {
      for (const der of session.clientChain) chain.vector24((certificate) => certificate.bytes(der));
    })
    .take();
}

/** Bytes of all fields but the vectors, and of the lengths of these. */
const fixedLength = 39;

function lengthOf({ secret, issuer, context, serverName = '', alpnProtocol = '', clientChain }: Session): number {
  const vectors = secret.length + issuer.length + context.length + serverName.length + alpnProtocol.length;
  return clientChain.reduce((sum, der) => sum + 3 + der.length, fixedLength + vectors);
}

/** Reads what `writeSession` wrote, into memory of its own; `undefined` for anything else. */
export function readSession(bytes: Uint8Array): Session | undefined {
  try {
    return readFields(new Reader(Uint8Array.from(bytes), 'session'));
  } catch {
    return undefined; // truncated, or of another format
  }
}

function readFields(r: Reader): Session | undefined {
  if (r.u8() !== format) return undefined;
  const text = (): string | undefined => Buffer.from(r.vector8().rest()).toString('latin1') || undefined;
  const version = r.u16();
  const cipherSuite = r.u16();
  const extendedMasterSecret = r.u8() === 1;
  const clientAuth = modes[r.u8()];
  if (clientAuth === undefined) return undefined;
  const lifetime = r.u32();
  const ageAdd = r.u32();
  const maxEarlyData = r.u32();
  const authenticatedAt = readTime(r);
  const issuedAt = readTime(r);
  const secret = r.vector8(1).rest();
  const issuer = r.vector8().rest();
  const context = r.vector8().rest();
  const serverName = text();
  const alpnProtocol = text();
  const clientChain = r.vector24().list((chain) => chain.vector24(1).rest());
  return r.end({
    version,
    cipherSuite,
    secret,
    extendedMasterSecret,
    authenticatedAt,
    issuedAt,
    lifetime,
    ageAdd,
    serverName,
    alpnProtocol,
    context,
    clientAuth,
    clientChain,
    maxEarlyData,
    issuer,
  });
}

/** Milliseconds by which the clocks of two servers may differ. */
const clockTolerance = 60_000;

/** Whether a session may still be resumed: by its own lifetime, and by the longest time since authentication. */
export function isFresh(session: Session, now: number): boolean {
  if (now < session.issuedAt - clockTolerance) return false;
  return now <= session.issuedAt + session.lifetime * 1000 && now <= session.authenticatedAt + longestLifetime * 1000;
}
