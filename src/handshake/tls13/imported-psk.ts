import { type HashName, hashLength } from '../../crypto/cipher-suites.ts';
import { hkdfExpandLabel, hkdfExtract } from '../../crypto/hkdf.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { Reader } from '../../wire/reader.ts';
import { wipe } from '../../wire/wipe.ts';

/** What an identity of pre_shared_key says that was made by importing an external PSK (RFC 9258 section 5.1). */
export interface ImportedIdentity {
  /** The identity that both sides agreed upon. */
  readonly externalIdentity: Uint8Array;
  readonly context: Uint8Array;
  /** The version as on the wire. */
  readonly targetProtocol: number;
  /** A code point of the registry of TLS KDF identifiers. */
  readonly targetKdf: number;
}

// struct { opaque external_identity<1...2^16-1>; opaque context<0..2^16-1>; uint16 target_protocol; uint16 target_kdf; }
function readFields(r: Reader): ImportedIdentity {
  const externalIdentity = r.vector16(1).rest();
  const context = r.vector16().rest();
  const targetProtocol = r.u16();
  return r.end({ externalIdentity, context, targetProtocol, targetKdf: r.u16() });
}

/** Reads an identity as an imported one; `undefined` for bytes that cannot be one. */
export function readImportedIdentity(identity: Uint8Array): ImportedIdentity | undefined {
  try {
    return readFields(new Reader(identity, 'ImportedIdentity'));
  } catch {
    return undefined; // an identity of another kind
  }
}

/** RFC 9258 section 10: HKDF_SHA256, HKDF_SHA384. */
const hashes: ReadonlyMap<number, HashName> = new Map<number, HashName>([
  [1, 'sha256'],
  [2, 'sha384'],
]);

export interface ImportedPsk {
  readonly secret: Uint8Array;
  /** The hash of the suites that it is for. */
  readonly hash: HashName;
}

/**
 * The key that importing makes of an external PSK for one identity (RFC 9258 section 5.1), whose bytes are bound into it.
 * `hash`: the hash that goes with the external PSK. `undefined` for an identity that is not meant for TLS 1.3 or a hash
 * that we know.
 */
export function importPsk(
  provider: CryptoProvider,
  key: Uint8Array,
  hash: HashName,
  identity: Uint8Array,
): ImportedPsk | undefined {
  const imported = readImportedIdentity(identity);
  const target = imported && hashes.get(imported.targetKdf);
  if (target === undefined || imported?.targetProtocol !== ProtocolVersion.tls13) return undefined;
  const extracted = hkdfExtract(provider, hash, new Uint8Array(hashLength[hash]), key);
  const context = provider.digest(hash, identity);
  const secret = hkdfExpandLabel(provider, hash, extracted, 'derived psk', context, hashLength[target]);
  wipe(extracted);
  return { secret, hash: target };
}
