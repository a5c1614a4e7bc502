import type { RawExtension } from '../extensions/registry.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { ExtensionType, groupName, isGrease, schemeName, versionName } from '../wire/code-points.ts';
import { ascii, Reader } from '../wire/reader.ts';
import { DerReader } from '../x509/der.ts';
import { formatName, readName } from '../x509/distinguished-name.ts';

/** One item of what an extension says: a name, and whether it means anything or only keeps servers tolerant. */
export interface ContentItem {
  readonly text: string;
  readonly grease?: true;
}

/**
 * What an extension of a ClientHello says, item by item, in the words of the registries; empty where it says
 * nothing but that it is there. Never throws: what does not read is shown in hexadecimal.
 */
export function extensionContents(extension: RawExtension, hello: ClientHello): readonly ContentItem[] {
  const { type, data } = extension;
  if (data.length === 0) return [];
  if (isGrease(type)) return [item(hexPreview(data))];
  try {
    return readers.get(type)?.(data, hello) ?? [item(hexPreview(data))];
  } catch {
    return [item(hexPreview(data))];
  }
}

type ContentReader = (data: Uint8Array, hello: ClientHello) => readonly ContentItem[] | undefined;

const item = (text: string): ContentItem => ({ text });

/** Code points by name, GREASE marked. */
const codes = (values: readonly number[], name: (value: number) => string): ContentItem[] =>
  values.map((value) => (isGrease(value) ? { text: name(value), grease: true } : item(name(value))));

const named =
  (names: Readonly<Record<number, string>>) =>
  (value: number): string =>
    names[value] ?? String(value);

/** The list of two-byte code points in a vector of two-byte length. */
const codeVector =
  (name: (value: number) => string): ContentReader =>
  (data) =>
    codes(new Reader(data).vector16().u16s(), name);

/** The list of one-byte code points in a vector of one-byte length. */
const byteVector =
  (names: Readonly<Record<number, string>>): ContentReader =>
  (data) =>
    [...new Reader(data).vector8().rest()].map((value) => item(named(names)(value)));

const protocols: ContentReader = (data) =>
  new Reader(data).vector16().list((list) => item(ascii(list.vector8().rest())));

const bytes: ContentReader = (data) => [item(`${data.length} bytes`)];

const keyShares: ContentReader = (_, { offers }) =>
  offers.keyShare?.map(({ group, key }) => {
    const text = `${groupName(group)} (${key.length} ${key.length === 1 ? 'byte' : 'bytes'})`;
    return isGrease(group) ? { text, grease: true } : { text };
  });

const preSharedKeys: ContentReader = (_, { offers }) =>
  offers.preSharedKey?.identities.map(({ identity }) => item(`identity of ${identity.length} bytes`));

const authorities: ContentReader = (_, { offers }) =>
  offers.certificateAuthorities?.map((name) => item(formatName(readName(new DerReader(name)))));

const certificateTypes: Readonly<Record<number, string>> = { 0: 'X.509', 1: 'OpenPGP', 2: 'raw public key' };

const readers: ReadonlyMap<number, ContentReader> = new Map<number, ContentReader>([
  [
    ExtensionType.serverName,
    (_, { offers }) => (offers.serverName === undefined ? undefined : [item(offers.serverName)]),
  ],
  [ExtensionType.maxFragmentLength, (data) => [item(`${2 ** (8 + data[0]!)} bytes`)]],
  [ExtensionType.statusRequest, (data) => [item(named({ 1: 'OCSP', 2: 'OCSP of the whole chain' })(data[0]!))]],
  [ExtensionType.supportedGroups, codeVector(groupName)],
  [ExtensionType.ecPointFormats, byteVector({ 0: 'uncompressed', 1: 'compressed (prime)', 2: 'compressed (char2)' })],
  [ExtensionType.signatureAlgorithms, codeVector(schemeName)],
  [ExtensionType.signatureAlgorithmsCert, codeVector(schemeName)],
  [ExtensionType.delegatedCredential, codeVector(schemeName)],
  [ExtensionType.alpn, protocols],
  [ExtensionType.applicationSettings, protocols],
  [ExtensionType.applicationSettingsOld, protocols],
  [ExtensionType.clientCertificateType, byteVector(certificateTypes)],
  [ExtensionType.serverCertificateType, byteVector(certificateTypes)],
  [ExtensionType.padding, bytes],
  [
    ExtensionType.compressCertificate,
    (data) => codes(new Reader(data).vector8().u16s(), named({ 1: 'zlib', 2: 'brotli', 3: 'zstd' })),
  ],
  [ExtensionType.recordSizeLimit, (data) => [item(`${new Reader(data).u16()} bytes`)]],
  [ExtensionType.sessionTicket, (data) => [item(`ticket of ${data.length} bytes`)]],
  [ExtensionType.preSharedKey, preSharedKeys],
  [ExtensionType.supportedVersions, (data) => codes(new Reader(data).vector8().u16s(), greaseOr(versionName))],
  [ExtensionType.cookie, bytes],
  [ExtensionType.pskKeyExchangeModes, byteVector({ 0: 'psk_ke', 1: 'psk_dhe_ke' })],
  [ExtensionType.certificateAuthorities, authorities],
  [ExtensionType.keyShare, keyShares],
  [ExtensionType.encryptedClientHello, (data) => [item(`${data[0] === 0 ? 'outer' : 'inner'}, ${data.length} bytes`)]],
  [
    ExtensionType.renegotiationInfo,
    (data) => [item(data.length === 1 && data[0] === 0 ? 'empty' : `${data.length} bytes`)],
  ],
]);

function greaseOr(name: (value: number) => string): (value: number) => string {
  return (value) => (isGrease(value) ? 'GREASE' : name(value));
}

/** The first 32 bytes in hexadecimal. */
function hexPreview(data: Uint8Array): string {
  const hex = Buffer.from(data.subarray(0, 32)).toString('hex');
  return data.length > 32 ? `${hex}… (${data.length} bytes)` : hex;
}
