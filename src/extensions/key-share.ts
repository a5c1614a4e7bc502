import { fail } from '../wire/alert.ts';
import { ExtensionType, groupName } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

export interface KeyShare {
  readonly group: number;
  readonly key: Uint8Array;
}

/** Our answer: a share in ServerHello, or in HelloRetryRequest only the group that we want one of. */
export type KeyShareReply = KeyShare | { readonly group: number; readonly key?: undefined };

// RFC 8446 section 4.2.8: struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry;
function readKeyShares(r: Reader): readonly KeyShare[] {
  const shares = r.end(
    r.vector16(0, 'key_share').list((list) => ({ group: list.u16(), key: list.vector16(1).rest() })),
  );
  if (shares.length === 1) return shares;
  const groups = new Set<number>();
  for (const { group } of shares) {
    if (groups.has(group)) fail('illegalParameter', `key_share offers ${groupName(group)} twice`, 'BAD_KEY_SHARE');
    groups.add(group);
  }
  return shares;
}

/** key_share (RFC 8446 section 4.2.8). */
export const keyShare: Extension<readonly KeyShare[], KeyShareReply> = extension(
  ExtensionType.keyShare,
  readKeyShares,
  (w, { group, key }: KeyShareReply) => {
    w.u16(group);
    if (key !== undefined) w.vector16((share) => share.bytes(key));
  },
);
