import { fingerprintHash } from '../crypto/node/fingerprint-hash.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { ExtensionType, isGrease } from '../wire/code-points.ts';

/** What of a ClientHello the fingerprints look at. */
export type FingerprintedHello = Pick<ClientHello, 'legacyVersion' | 'cipherSuites' | 'extensions' | 'offers'>;

/** How a client is known by its ClientHello. */
export interface Fingerprints {
  /** JA3 in full: version, suites, extensions, groups and point formats in decimals. */
  readonly ja3: string;
  /** The MD5 of it, 32 hexadecimal digits; `undefined` where this Node has no MD5. */
  readonly ja3Hash: string | undefined;
  /** JA4, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
  readonly ja4: string;
  /** JA4_r: JA4 with its lists in place of their hashes. */
  readonly ja4Raw: string;
}

/** JA3 (github.com/salesforce/ja3) and JA4 (github.com/FoxIO-LLC/ja4, technical_details/JA4.md) of a ClientHello. */
export function fingerprint(hello: FingerprintedHello): Fingerprints {
  const ja3 = ja3Of(hello);
  const { a, b, c } = ja4Parts(hello);
  return {
    ja3,
    ja3Hash: fingerprintHash('md5', ja3),
    ja4: [a, truncatedHash(b), truncatedHash(c)].join('_'),
    ja4Raw: [a, b, c].join('_'),
  };
}

const withoutGrease = (values: readonly number[] = []): number[] => values.filter((value) => !isGrease(value));

function ja3Of({ legacyVersion, cipherSuites, extensions, offers }: FingerprintedHello): string {
  const lists = [cipherSuites, extensions.map(({ type }) => type), offers.supportedGroups, offers.ecPointFormats];
  return [legacyVersion, ...lists.map((list) => withoutGrease(list).join('-'))].join(',');
}

function ja4Parts({
  legacyVersion,
  cipherSuites,
  extensions,
  offers,
}: FingerprintedHello): Record<'a' | 'b' | 'c', string> {
  const suites = withoutGrease(cipherSuites);
  const types = withoutGrease(extensions.map(({ type }) => type));
  const versions = withoutGrease(offers.supportedVersions);
  const a = [
    't',
    ja4Version(versions.length > 0 ? Math.max(...versions) : legacyVersion),
    types.includes(ExtensionType.serverName) ? 'd' : 'i',
    count(suites),
    count(types),
    ja4Alpn(offers.alpn?.[0]),
  ].join('');
  const others = types.filter((type) => type !== ExtensionType.serverName && type !== ExtensionType.alpn);
  const schemes = withoutGrease(offers.signatureAlgorithms).map(hex4);
  const sorted = others.map(hex4).sort().join(',');
  return { a, b: suites.map(hex4).sort().join(','), c: schemes.length > 0 ? `${sorted}_${schemes.join(',')}` : sorted };
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

const count = (list: readonly unknown[]): string => String(Math.min(list.length, 99)).padStart(2, '0');

const ja4Versions: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
};

const ja4Version = (version: number): string => ja4Versions[version] ?? '00';

/** First and last character of the first protocol; of its hexadecimal where either is not alphanumeric. */
function ja4Alpn(protocol: string | undefined): string {
  if (protocol === undefined || protocol === '') return '00';
  const text = /^[0-9A-Za-z](?:.*[0-9A-Za-z])?$/s.test(protocol)
    ? protocol
    : Buffer.from(protocol, 'latin1').toString('hex');
  return `${text.at(0)}${text.at(-1)}`;
}

const truncatedHash = (list: string): string =>
  list === '' ? '0'.repeat(12) : (fingerprintHash('sha256', list) ?? '').slice(0, 12);
