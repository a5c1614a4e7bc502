import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { HandshakeMessage } from '../../messages/handshake-message.ts';
import { fail } from '../../wire/alert.ts';
import { finishedVerifyData, type TrafficSecret } from './key-schedule.ts';

/** Checks a Finished of the client's against the transcript before it (RFC 8446 section 4.4.4); its verify_data. */
export function checkFinished(
  { provider, suite }: { readonly provider: CryptoProvider; readonly suite: CipherSuite },
  secret: TrafficSecret,
  transcriptHash: Uint8Array,
  { body }: HandshakeMessage,
): Uint8Array {
  const expected = finishedVerifyData(provider, suite, secret, transcriptHash);
  if (body.length !== expected.length) fail('decodeError', `Finished of ${body.length} bytes`, 'BAD_DIGEST_LENGTH');
  if (!provider.equal(body, expected)) fail('decryptError', 'the Finished does not verify', 'DIGEST_CHECK_FAILED');
  return expected; // the same bytes, and no part of a larger buffer
}
