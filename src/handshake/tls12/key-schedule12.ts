import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import { prf12 } from '../../crypto/hkdf.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { TrafficKey } from '../../record/protection.ts';
import { wipe } from '../../wire/wipe.ts';
import { Writer } from '../../wire/writer.ts';

/** The randoms of both hellos, 32 bytes each. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

const masterSecretLength = 48;
const verifyDataLength = 12;

const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  parts.reduce((w, part) => w.bytes(part), new Writer(128)).take();

/** The master secret: 48 bytes, bound to the session hash (RFC 7627 section 4), or the older way (RFC 5246 section 8.1). */
export const masterSecret = (
  provider: CryptoProvider,
  { hash }: CipherSuite,
  premaster: Uint8Array,
  binding: { readonly sessionHash: Uint8Array } | Randoms,
): Uint8Array =>
  'sessionHash' in binding
    ? prf12(provider, hash, premaster, 'extended master secret', binding.sessionHash, masterSecretLength)
    : prf12(provider, hash, premaster, 'master secret', join(binding.client, binding.server), masterSecretLength);

/** Keys of both directions (RFC 5246 section 6.3), in the order in which the key block holds them. */
export function keyBlock(
  provider: CryptoProvider,
  { hash, aead }: CipherSuite,
  master: Uint8Array,
  { client, server }: Randoms,
): { readonly client: TrafficKey; readonly server: TrafficKey } {
  const { keyLength } = aeadShapes[aead];
  const ivLength = aead === 'AEAD_CHACHA20_POLY1305' ? 12 : 4;
  const block = prf12(provider, hash, master, 'key expansion', join(server, client), 2 * (keyLength + ivLength));
  const trafficKey = (index: number): TrafficKey => {
    const key = copyOf(block, index * keyLength, keyLength);
    const made = { aead: provider.aead(aead, key), iv: copyOf(block, 2 * keyLength + index * ivLength, ivLength) };
    wipe(key);
    return made;
  };
  const keys = { client: trafficKey(0), server: trafficKey(1) };
  wipe(block);
  return keys;
}

/** By a loop: for a view of so few bytes V8 would have to move all of them out of its heap. */
function copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = bytes[start + i]!;
  return copy;
}

/** The verify_data of a Finished: 12 bytes (RFC 5246 section 7.4.9). */
export const verifyData = (
  provider: CryptoProvider,
  { hash }: CipherSuite,
  master: Uint8Array,
  side: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array => prf12(provider, hash, master, `${side} finished`, transcriptHash, verifyDataLength);

/** The exporter (RFC 5705 section 4): a context, even an empty one, is hashed with its length. */
export function exportKeyingMaterial12(
  provider: CryptoProvider,
  { hash }: CipherSuite,
  master: Uint8Array,
  { client, server }: Randoms,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const seed = new Writer(128).bytes(client).bytes(server);
  if (context !== undefined) seed.vector16((w) => w.bytes(context));
  return prf12(provider, hash, master, label, seed.take(), length);
}
