import { defaultSignatureSchemes } from '../crypto/signature-schemes.ts';
import { NamedGroup, SignatureScheme, schemeName } from '../wire/code-points.ts';
import { nodeError } from './errors.ts';

const G = NamedGroup;

/** Groups in our order: the hybrids resist quantum computers; X25519 is the fastest of the others. */
const defaultGroups: readonly number[] = [
  G.x25519MLKEM768,
  G.x25519,
  G.secp256r1,
  G.x448,
  G.secp384r1,
  G.secp521r1,
  G.secp256r1MLKEM768,
  G.secp384r1MLKEM1024,
];

const groupsByName: Readonly<Record<string, number>> = {
  x25519mlkem768: G.x25519MLKEM768,
  secp256r1mlkem768: G.secp256r1MLKEM768,
  secp384r1mlkem1024: G.secp384r1MLKEM1024,
  x25519: G.x25519,
  x448: G.x448,
  'p-256': G.secp256r1,
  prime256v1: G.secp256r1,
  secp256r1: G.secp256r1,
  'p-384': G.secp384r1,
  secp384r1: G.secp384r1,
  'p-521': G.secp521r1,
  secp521r1: G.secp521r1,
};

/** Groups that OpenSSL knows and we do not: a list may name them beside others. */
const foreignGroups =
  /^(?:secp(?:160|192|224|256)[kr][12]|prime192v1|p-(?:192|224)|(?:sect|wap-wsg).*|[bk]-\d+|brainpoolp\d+[rt]1(?:tls13)?|ffdhe\d+|mlkem\d+)$/;

/**
 * The groups of an `ecdhCurve` list (`auto`, or names between colons, in OpenSSL's spelling). Names after `?` may be
 * unknown. Throws `ERR_CRYPTO_OPERATION_FAILED` for any other unknown name, as Node does, and when none is left.
 */
export function readGroups(list: string): readonly number[] {
  if (list === 'auto') return defaultGroups;
  const groups = list.split(/[:/]/).flatMap((entry) => {
    const name = entry
      .trim()
      .replace(/^[?*]+/, '')
      .toLowerCase();
    if (name === 'auto' || name === 'default') return defaultGroups;
    const group = Object.hasOwn(groupsByName, name) ? groupsByName[name] : undefined;
    if (group === undefined && !entry.includes('?') && !foreignGroups.test(name)) throw noCurve();
    return group ?? [];
  });
  if (groups.length === 0) throw noCurve();
  return [...new Set(groups)];
}

const noCurve = (): Error => nodeError('ERR_CRYPTO_OPERATION_FAILED', 'Failed to set ECDH curve');

const S = SignatureScheme;

/** OpenSSL's `algorithm+hash` spellings. */
const schemesByPair: Readonly<Record<string, readonly number[]>> = {
  'ECDSA+SHA256': [S.ecdsaSecp256r1Sha256],
  'ECDSA+SHA384': [S.ecdsaSecp384r1Sha384],
  'ECDSA+SHA512': [S.ecdsaSecp521r1Sha512],
  'RSA+SHA256': [S.rsaPkcs1Sha256],
  'RSA+SHA384': [S.rsaPkcs1Sha384],
  'RSA+SHA512': [S.rsaPkcs1Sha512],
  'PSS+SHA256': [S.rsaPssRsaeSha256, S.rsaPssPssSha256],
  'PSS+SHA384': [S.rsaPssRsaeSha384, S.rsaPssPssSha384],
  'PSS+SHA512': [S.rsaPssRsaeSha512, S.rsaPssPssSha512],
  'RSA-PSS+SHA256': [S.rsaPssRsaeSha256, S.rsaPssPssSha256],
  'RSA-PSS+SHA384': [S.rsaPssRsaeSha384, S.rsaPssPssSha384],
  'RSA-PSS+SHA512': [S.rsaPssRsaeSha512, S.rsaPssPssSha512],
};

/**
 * The signature schemes of a `sigalgs` list: names of the registry or `algorithm+hash`, between colons. Names after
 * `?` may be unknown. Throws `ERR_CRYPTO_OPERATION_FAILED`.
 */
export function readSignatureSchemes(list: string | undefined): readonly number[] {
  if (list === undefined) return defaultSignatureSchemes;
  const schemes = list.split(':').flatMap((entry) => {
    const pair = entry.replace(/^\?/, '').toUpperCase();
    if (Object.hasOwn(schemesByPair, pair)) return schemesByPair[pair]!;
    const named = defaultSignatureSchemes.find((scheme) => schemeName(scheme) === pair.toLowerCase());
    if (named === undefined && entry.startsWith('?')) return [];
    if (named === undefined) {
      throw nodeError(
        'ERR_CRYPTO_OPERATION_FAILED',
        `Failed to set signature algorithms: ${entry || 'an empty name'} is not known`,
      );
    }
    return [named];
  });
  return [...new Set(schemes)];
}

const opensslNames: ReadonlyMap<number, string> = new Map([
  ...Object.entries(schemesByPair).flatMap(([name, schemes]) =>
    schemes.map((scheme): [number, string] => [scheme, name]),
  ),
  [S.ed25519, 'Ed25519+UNDEF'],
  [S.ed448, 'Ed448+UNDEF'],
]);

/** A signature scheme as OpenSSL spells it (`RSA-PSS+SHA256`, `Ed25519+UNDEF`), or as the registry does. */
export const opensslSchemeName = (scheme: number): string => opensslNames.get(scheme) ?? schemeName(scheme);
