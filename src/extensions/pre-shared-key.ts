import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

export interface PskOffer {
  readonly identities: readonly { readonly identity: Uint8Array; readonly obfuscatedTicketAge: number }[];
  readonly binders: readonly Uint8Array[];
  /** Bytes at the end of the ClientHello that the binders do not cover: they themselves (RFC 8446 section 4.2.11.2). */
  readonly bindersLength: number;
}

// RFC 8446 section 4.2.11: PskIdentity identities<7..2^16-1>; PskBinderEntry binders<33..2^16-1>;
function readPskOffer(r: Reader): PskOffer {
  const identities = r
    .vector16(7, 'pre_shared_key')
    .list((list) => ({ identity: list.vector16(1).rest(), obfuscatedTicketAge: list.u32() }));
  const bindersLength = r.remaining;
  const binders = r.end(r.vector16(33, 'pre_shared_key').list((list) => list.vector8(32).rest()));
  if (binders.length !== identities.length) {
    fail(
      'illegalParameter',
      'pre_shared_key has not one binder for each identity',
      'PSK_IDENTITY_BINDER_COUNT_MISMATCH',
    );
  }
  return { identities, binders, bindersLength };
}

/** pre_shared_key (RFC 8446 section 4.2.11); the answer is the index of the identity chosen. */
export const preSharedKey: Extension<PskOffer, number> = extension(
  ExtensionType.preSharedKey,
  readPskOffer,
  (w, selected: number) => w.u16(selected),
);
