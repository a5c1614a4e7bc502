import type { HandshakeReport } from '../handshake/report.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { cipherSuiteName } from '../wire/cipher-suite-names.ts';
import { extensionName, groupName, hex16, isGrease, schemeName, versionName } from '../wire/code-points.ts';
import { type ContentItem, extensionContents } from './extension-contents.ts';
import { fingerprint } from './fingerprint.ts';

/** A code point with its name. */
export interface NamedCode {
  /** Two bytes in hexadecimal: `0x1301`. */
  readonly id: string;
  /** The registry's name, `GREASE`, or the number again. */
  readonly name: string;
  readonly grease?: true;
}

/** An extension of the ClientHello. */
export interface ExtensionDescription extends NamedCode {
  /** Of its body, in bytes. */
  readonly length: number;
  readonly contents: readonly ContentItem[];
}

/** A key share of the ClientHello. */
export interface KeyShareDescription extends NamedCode {
  /** In bytes. */
  readonly length: number;
}

/** The contents of a ClientHello with names. Lists are in the client's order. */
export interface HelloDescription {
  /** Of the handshake message with its header, in bytes. */
  readonly length: number;
  readonly legacyVersion: NamedCode;
  /** In hexadecimal. */
  readonly random: string;
  /** In hexadecimal. */
  readonly sessionId: string;
  readonly cipherSuites: readonly NamedCode[];
  readonly compressionMethods: readonly number[];
  readonly extensions: readonly ExtensionDescription[];
  readonly supportedVersions: readonly NamedCode[];
  readonly supportedGroups: readonly NamedCode[];
  readonly signatureAlgorithms: readonly NamedCode[];
  readonly signatureAlgorithmsCert: readonly NamedCode[];
  readonly keyShares: readonly KeyShareDescription[];
  readonly alpn: readonly string[];
  /** The message in hexadecimal. */
  readonly raw: string;
}

/** A moment of the handshake, in milliseconds since the connection began. */
export interface MomentDescription {
  readonly name: string;
  readonly at: number;
}

/** What was negotiated on one connection and what the client offered; ready to be JSON. */
export interface ConnectionDescription {
  readonly version: string | null;
  /** The name in the RFCs. */
  readonly cipherSuite: string | null;
  /** `null` also where keys come from a resumed session alone. */
  readonly group: string | null;
  /** `null` on resumption, where nothing is signed. */
  readonly signatureScheme: string | null;
  readonly serverName: string | null;
  readonly alpnProtocol: string | null;
  readonly resumed: boolean;
  readonly helloRetryRequest: boolean;
  readonly ja3: string | null;
  readonly ja3Hash: string | null;
  readonly ja4: string | null;
  readonly ja4Raw: string | null;
  readonly clientHello: HelloDescription | null;
  readonly timeline: readonly MomentDescription[];
}

/** What a description is made of: a HandshakeReport, or what looks like one. */
export type ReportedHandshake = Readonly<
  Pick<
    HandshakeReport,
    | 'version'
    | 'cipherSuite'
    | 'group'
    | 'signatureScheme'
    | 'serverName'
    | 'alpnProtocol'
    | 'resumed'
    | 'helloRetryRequest'
    | 'clientHello'
    | 'timeline'
  >
>;

/** Describes a connection by names, for people and for JSON. */
export function describeConnection(report: ReportedHandshake): ConnectionDescription {
  const prints = report.clientHello === undefined ? undefined : fingerprint(report.clientHello);
  return {
    version: report.version ?? null,
    cipherSuite: report.cipherSuite?.standardName ?? null,
    group: report.group === undefined ? null : groupName(report.group),
    signatureScheme: report.signatureScheme === undefined ? null : schemeName(report.signatureScheme),
    serverName: report.serverName ?? null,
    alpnProtocol: report.alpnProtocol ?? null,
    resumed: report.resumed,
    helloRetryRequest: report.helloRetryRequest,
    ja3: prints?.ja3 ?? null,
    ja3Hash: prints?.ja3Hash ?? null,
    ja4: prints?.ja4 ?? null,
    ja4Raw: prints?.ja4Raw ?? null,
    clientHello: report.clientHello === undefined ? null : describeHello(report.clientHello),
    timeline: report.timeline.map(({ name, at }) => ({ name, at: Math.round(at * 1000) / 1000 })),
  };
}

function describeHello(hello: ClientHello): HelloDescription {
  const { offers } = hello;
  const list = (values: readonly number[] | undefined, name: (value: number) => string): NamedCode[] =>
    (values ?? []).map((value) => namedCode(value, name));
  return {
    length: hello.raw.length,
    legacyVersion: namedCode(hello.legacyVersion, versionName),
    random: hex(hello.random),
    sessionId: hex(hello.sessionId),
    cipherSuites: list(hello.cipherSuites, cipherSuiteName),
    compressionMethods: hello.compressionMethods,
    extensions: hello.extensions.map((extension) => ({
      ...namedCode(extension.type, extensionName),
      length: extension.data.length,
      contents: extensionContents(extension, hello),
    })),
    supportedVersions: list(offers.supportedVersions, versionName),
    supportedGroups: list(offers.supportedGroups, groupName),
    signatureAlgorithms: list(offers.signatureAlgorithms, schemeName),
    signatureAlgorithmsCert: list(offers.signatureAlgorithmsCert, schemeName),
    keyShares: (offers.keyShare ?? []).map(({ group, key }) => ({
      ...namedCode(group, groupName),
      length: key.length,
    })),
    alpn: offers.alpn ?? [],
    raw: hex(hello.raw),
  };
}

function namedCode(value: number, name: (value: number) => string): NamedCode {
  return isGrease(value) ? { id: hex16(value), name: 'GREASE', grease: true } : { id: hex16(value), name: name(value) };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
