import { ProtocolVersion } from '../wire/code-points.ts';
import { checkNumber, isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';

/** The bits of OpenSSL's SSL_OP_… (`crypto.constants`) that mean something to a server such as this. */
const bits = {
  noExtendedMasterSecret: 0x0000_0001,
  allowNoDheKex: 0x0000_0400,
  allowUnsafeLegacyRenegotiation: 0x0004_0000,
  prioritizeChaCha: 0x0020_0000,
  cipherServerPreference: 0x0040_0000,
  noTls12: 0x0800_0000,
  noTls13: 0x2000_0000,
} as const;

/** What a switch would weaken that is not to be had. */
const refused: ReadonlyMap<number, string> = new Map([
  [bits.noExtendedMasterSecret, 'SSL_OP_NO_EXTENDED_MASTER_SECRET'],
  [bits.allowUnsafeLegacyRenegotiation, 'SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION'],
]);

/** `secureOptions` as far as it changes anything here. */
export interface SecureOptions {
  /** Wire numbers of versions that are off. */
  readonly withoutVersions: readonly number[];
  readonly honorCipherOrder: boolean;
  /** Whether a client that likes ChaCha20-Poly1305 best gets it first, though our order says otherwise. */
  readonly prioritizeChaCha: boolean;
  /** Whether a PSK may do without a key exchange where the client offers none (psk_ke). */
  readonly allowsPskOnly: boolean;
}

/**
 * Reads `secureOptions`. Bits that turn off what does not exist here (SSLv3, compression, renegotiation) or that work
 * around old bugs change nothing (SSL_OP_NO_TICKET is the
 * sessions'); throws `ERR_TLS_OPTION_NOT_IMPLEMENTED` for those that would weaken connections.
 */
export function readSecureOptions(value: number | undefined): SecureOptions {
  if (isGiven(value)) checkNumber('secureOptions', value, -(2 ** 31), 2 ** 53 - 1, true);
  // Beyond 32 bits, JavaScript's operators would look at the wrong ones.
  const given = ((value ?? 0) % 2 ** 32) | 0;
  const has = (bit: number): boolean => (given & bit) !== 0;
  for (const [bit, name] of refused) {
    if (has(bit)) throw nodeError('ERR_TLS_OPTION_NOT_IMPLEMENTED', `tsls does not implement ${name}`);
  }
  return {
    withoutVersions: [
      ...(has(bits.noTls12) ? [ProtocolVersion.tls12] : []),
      ...(has(bits.noTls13) ? [ProtocolVersion.tls13] : []),
    ],
    honorCipherOrder: has(bits.cipherServerPreference),
    prioritizeChaCha: has(bits.prioritizeChaCha),
    allowsPskOnly: has(bits.allowNoDheKex),
  };
}
