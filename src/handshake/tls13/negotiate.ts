import type { CipherSuite, HashName } from '../../crypto/cipher-suites.ts';
import type { CryptoProvider, KeyAgreement } from '../../crypto/provider.ts';
import type { KeyShare } from '../../extensions/key-share.ts';
import type { ClientHello } from '../../messages/client-hello.ts';
import { fail } from '../../wire/alert.ts';
import { groupName, NamedGroup, ProtocolVersion } from '../../wire/code-points.ts';
import type { ServerConfig } from '../config.ts';
import { commonSuites, type Identity, noIdentity, usableIdentities } from '../selection.ts';

/** Checks what RFC 8446 asks of a ClientHello for TLS 1.3 on its own. */
export function checkHello13(hello: ClientHello): void {
  const { supportedGroups, keyShare, preSharedKey, pskKeyExchangeModes } = hello.offers;
  // Section 4.1.2: exactly one byte, zero.
  if (hello.compressionMethods.length !== 1) {
    fail('illegalParameter', 'compression is offered with TLS 1.3', 'INVALID_COMPRESSION_LIST');
  }
  // Section 4.2.9.
  if (preSharedKey !== undefined && pskKeyExchangeModes === undefined) {
    fail('missingExtension', 'pre_shared_key without psk_key_exchange_modes');
  }
  // Section 9.2: the two go together, and only a PSK can stand in for what else is needed.
  if (supportedGroups === undefined && keyShare !== undefined) missing('supported_groups');
  if (keyShare === undefined && supportedGroups !== undefined) missing('key_share');
  if (preSharedKey === undefined) checkFullHello13(hello);
  // Section 4.2.8.
  if (keyShare !== undefined && supportedGroups !== undefined) checkShares(keyShare, supportedGroups);
}

/** Shares that a client sends where nobody means harm: for more of them it pays to look groups up in a set. */
const usualShares = 8;

function checkShares(shares: readonly KeyShare[], supportedGroups: readonly number[]): void {
  const many = shares.length > usualShares ? new Set(supportedGroups) : undefined;
  for (const { group } of shares) {
    if (!(many?.has(group) ?? supportedGroups.includes(group))) {
      fail('illegalParameter', `a key share of ${groupName(group)}, which is not in supported_groups`, 'BAD_KEY_SHARE');
    }
  }
}

/** What a ClientHello needs for a handshake without PSK (RFC 8446 section 9.2). */
export function checkFullHello13({ offers }: ClientHello): void {
  if (offers.supportedGroups === undefined) missing('supported_groups');
  if (offers.keyShare === undefined) missing('key_share');
  if (offers.signatureAlgorithms === undefined) missing('signature_algorithms');
}

const missing = (name: string): never => fail('missingExtension', `ClientHello without ${name}`);

/** The first common suite (RFC 8446 section 4.1.1), with the hash of the client's PSK if we know one. */
export function selectSuite13(hello: ClientHello, config: ServerConfig, hash?: HashName): CipherSuite {
  const suites = commonSuites(hello, config, ProtocolVersion.tls13);
  const suite = (hash && suites.find((candidate) => candidate.hash === hash)) ?? suites[0];
  return suite ?? fail('handshakeFailure', 'no common cipher suite for TLS 1.3', 'NO_SHARED_CIPHER');
}

const hybrids: ReadonlySet<number> = new Set([
  NamedGroup.x25519MLKEM768,
  NamedGroup.secp256r1MLKEM768,
  NamedGroup.secp384r1MLKEM1024,
]);

export interface GroupChoice {
  readonly agreement: KeyAgreement;
  /** The client's share of it; without one a HelloRetryRequest asks for it. */
  readonly share: Uint8Array | undefined;
}

/**
 * Our best common group, if it resists quantum computers or the client sent a share of it; else the best of which
 * the client did send a share, to save the round trip. `undefined` where no group is common.
 */
export function selectGroup(
  { offers }: ClientHello,
  config: ServerConfig,
  provider: CryptoProvider,
): GroupChoice | undefined {
  let best: GroupChoice | undefined;
  for (const group of config.groups) {
    const agreement = offers.supportedGroups?.includes(group) ? provider.keyAgreement(group) : undefined;
    if (agreement === undefined) continue;
    const choice = { agreement, share: offers.keyShare?.find((share) => share.group === group)?.key };
    if (choice.share !== undefined) return best && hybrids.has(best.agreement.group) ? best : choice;
    best ??= choice;
  }
  return best;
}

/** The credential that the client verifies best. */
export function selectIdentity13(hello: ClientHello, config: ServerConfig): Identity {
  const [identity] = usableIdentities(hello, config, ProtocolVersion.tls13);
  return identity ?? noIdentity(hello, config, ProtocolVersion.tls13);
}
