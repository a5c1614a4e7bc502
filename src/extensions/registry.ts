import { fail } from '../wire/alert.ts';
import { ExtensionType, extensionName } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { alpn } from './alpn.ts';
import { certificateAuthorities } from './certificate-authorities.ts';
import { compressCertificate } from './compress-certificate.ts';
import { cookie } from './cookie.ts';
import { earlyData } from './early-data.ts';
import { ecPointFormats } from './ec-point-formats.ts';
import { extendedMasterSecret } from './extended-master-secret.ts';
import type { Extension } from './extension.ts';
import { keyShare } from './key-share.ts';
import { maxFragmentLength } from './max-fragment-length.ts';
import { nextProtocolNegotiation } from './next-protocol-negotiation.ts';
import { postHandshakeAuth } from './post-handshake-auth.ts';
import { preSharedKey } from './pre-shared-key.ts';
import { pskKeyExchangeModes } from './psk-key-exchange-modes.ts';
import { recordSizeLimit } from './record-size-limit.ts';
import { renegotiationInfo } from './renegotiation-info.ts';
import { serverName } from './server-name.ts';
import { sessionTicket } from './session-ticket.ts';
import { signatureAlgorithms, signatureAlgorithmsCert } from './signature-algorithms.ts';
import { statusRequest } from './status-request.ts';
import { supportedGroups } from './supported-groups.ts';
import { supportedVersions } from './supported-versions.ts';

/** Every extension that we read. */
interface Registry {
  readonly keyShare: typeof keyShare;
  readonly cookie: typeof cookie;
  readonly supportedVersions: typeof supportedVersions;
  readonly supportedGroups: typeof supportedGroups;
  readonly recordSizeLimit: typeof recordSizeLimit;
  readonly maxFragmentLength: typeof maxFragmentLength;
  readonly serverName: typeof serverName;
  readonly renegotiationInfo: typeof renegotiationInfo;
  readonly extendedMasterSecret: typeof extendedMasterSecret;
  readonly ecPointFormats: typeof ecPointFormats;
  readonly alpn: typeof alpn;
  readonly earlyData: typeof earlyData;
  readonly signatureAlgorithms: typeof signatureAlgorithms;
  readonly signatureAlgorithmsCert: typeof signatureAlgorithmsCert;
  readonly certificateAuthorities: typeof certificateAuthorities;
  readonly pskKeyExchangeModes: typeof pskKeyExchangeModes;
  readonly compressCertificate: typeof compressCertificate;
  readonly statusRequest: typeof statusRequest;
  readonly sessionTicket: typeof sessionTicket;
  readonly nextProtocolNegotiation: typeof nextProtocolNegotiation;
  readonly postHandshakeAuth: typeof postHandshakeAuth;
  readonly preSharedKey: typeof preSharedKey;
}

const registry: Registry = {
  keyShare,
  cookie,
  supportedVersions,
  supportedGroups,
  recordSizeLimit,
  maxFragmentLength,
  serverName,
  renegotiationInfo,
  extendedMasterSecret,
  ecPointFormats,
  alpn,
  earlyData,
  signatureAlgorithms,
  signatureAlgorithmsCert,
  certificateAuthorities,
  pskKeyExchangeModes,
  compressCertificate,
  statusRequest,
  sessionTicket,
  nextProtocolNegotiation,
  postHandshakeAuth,
  preSharedKey,
};

type Name = keyof Registry;

/** What a client offered, each undefined unless the extension was there. */
export type Offers = {
  readonly [K in Name]?: (Registry[K] extends Extension<infer Offer, infer _> ? Offer : never) | undefined;
};

/** What we answer, in one message. */
export type Replies = {
  readonly [K in Name]?: (Registry[K] extends Extension<infer _, infer Reply> ? Reply : never) | undefined;
};

const names = Object.keys(registry) as Name[];

interface Known {
  readonly name: Name;
  /** The name that IANA has for it. */
  readonly title: string;
  /** A bit of its own. */
  readonly bit: number;
  readonly read: (r: Reader) => unknown;
}
const byType = new Map<number, Known>(
  names.map((name, i) => {
    const { type, read } = registry[name];
    return [type, { name, title: extensionName(type), bit: 1 << i, read }];
  }),
);

/** What every hello starts from: V8 knows its way in objects of one kind, whatever a client offers in whatever order. */
const noOffers = Object.fromEntries(names.map((name) => [name, undefined]));

/** An extension as it came, for those who want to see all of them. */
export interface RawExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** The extensions of a block as they stand there. */
export const readRawExtensions = (r: Reader): readonly RawExtension[] =>
  r.list((list) => ({ type: list.u16(), data: list.vector16(0, 'extension').rest() }));

/**
 * Reads the extensions of a ClientHello (RFC 8446 section 4.2), passing over unknown ones. Throws `TlsAlert` when
 * one comes twice, is malformed, or when pre_shared_key is not the last.
 */
export function readOffers(r: Reader): Offers {
  const offers: Partial<Record<Name, unknown>> = { ...noOffers };
  let seen = 0;
  let seenUnknown: Set<number> | undefined;
  while (!r.done) {
    const type = r.u16();
    const known = byType.get(type);
    if (known === undefined) {
      r.vector16(0, 'an unknown extension');
      seenUnknown ??= new Set();
      if (seenUnknown.has(type)) comesTwice(type);
      seenUnknown.add(type);
      continue;
    }
    const body = r.vector16(0, known.title);
    if (seen & known.bit) comesTwice(type);
    seen |= known.bit;
    if (type === ExtensionType.preSharedKey && !r.done) {
      fail('illegalParameter', 'pre_shared_key is not the last extension', 'PRE_SHARED_KEY_MUST_BE_LAST');
    }
    offers[known.name] = known.read(body);
  }
  return offers as Offers;
}

function comesTwice(type: number): never {
  fail('illegalParameter', `the extension ${extensionName(type)} comes twice`, 'DUPLICATE_EXTENSION');
}

/** Whether there is anything to answer. */
export function hasReplies(replies: Replies): boolean {
  for (const name in replies) if (replies[name as Name] !== undefined) return true;
  return false;
}

/** Writes an extension block with its length (RFC 8446 section 4.2), in the order in which `replies` has them. */
export function writeReplies(w: Writer, replies: Replies): Writer {
  return w.vector16((list) => {
    for (const name in replies) {
      const reply = replies[name as Name];
      if (reply === undefined) continue;
      const { type, write } = registry[name as Name] as Extension<unknown, unknown>;
      list.u16(type).vector16((body) => write(body, reply));
    }
  });
}
