import { randomBytes } from 'node:crypto';
import { nodeCrypto } from '../../src/crypto/node/provider.ts';
import type { EphemeralKey } from '../../src/crypto/provider.ts';
import { writeMessage } from '../../src/messages/handshake-message.ts';
import {
  ExtensionType as E,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme as S,
} from '../../src/wire/code-points.ts';
import { Writer } from '../../src/wire/writer.ts';

/** A ClientHello field by field, so that a test can bend each of them. */
export interface HelloFields {
  legacyVersion: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  cipherSuites: readonly number[];
  compressionMethods: readonly number[];
  /** In order; `undefined` leaves the whole block out. */
  extensions: [number, Uint8Array][] | undefined;
}

const body = (write: (w: Writer) => unknown): Uint8Array => {
  const w = new Writer();
  write(w);
  return w.take();
};
const u16s = (values: readonly number[]) => (w: Writer) => {
  for (const value of values) w.u16(value);
};

/** Bodies of extensions as a client sends them. */
export const ext = {
  serverName: (name: string): [number, Uint8Array] => [
    E.serverName,
    body((w) => w.vector16((l) => l.u8(0).vector16((n) => n.ascii(name)))),
  ],
  supportedVersions: (versions: readonly number[]): [number, Uint8Array] => [
    E.supportedVersions,
    body((w) => w.vector8(u16s(versions))),
  ],
  supportedGroups: (groups: readonly number[]): [number, Uint8Array] => [
    E.supportedGroups,
    body((w) => w.vector16(u16s(groups))),
  ],
  signatureAlgorithms: (schemes: readonly number[]): [number, Uint8Array] => [
    E.signatureAlgorithms,
    body((w) => w.vector16(u16s(schemes))),
  ],
  keyShare: (shares: readonly { group: number; key: Uint8Array }[]): [number, Uint8Array] => [
    E.keyShare,
    body((w) =>
      w.vector16((l) => {
        for (const { group, key } of shares) l.u16(group).vector16((k) => k.bytes(key));
      }),
    ),
  ],
  alpn: (protocols: readonly string[]): [number, Uint8Array] => [
    E.alpn,
    body((w) =>
      w.vector16((l) => {
        for (const protocol of protocols) l.vector8((p) => p.ascii(protocol));
      }),
    ),
  ],
  cookie: (value: Uint8Array): [number, Uint8Array] => [E.cookie, body((w) => w.vector16((c) => c.bytes(value)))],
  recordSizeLimit: (limit: number): [number, Uint8Array] => [E.recordSizeLimit, body((w) => w.u16(limit))],
  maxFragmentLength: (code: number): [number, Uint8Array] => [E.maxFragmentLength, Uint8Array.of(code)],
  pskKeyExchangeModes: (modes: readonly number[]): [number, Uint8Array] => [
    E.pskKeyExchangeModes,
    body((w) => w.vector8((l) => l.bytes(Uint8Array.from(modes)))),
  ],
  preSharedKey: (): [number, Uint8Array] => [
    E.preSharedKey,
    body((w) =>
      w
        .vector16((l) => l.vector16((id) => id.ascii('unknown ticket')).u32(0))
        .vector16((l) => l.vector8((b) => b.bytes(new Uint8Array(32)))),
    ),
  ],
  earlyData: (): [number, Uint8Array] => [E.earlyData, new Uint8Array()],
  ecPointFormats: (formats: readonly number[]): [number, Uint8Array] => [
    E.ecPointFormats,
    body((w) => w.vector8((l) => l.bytes(Uint8Array.from(formats)))),
  ],
  extendedMasterSecret: (): [number, Uint8Array] => [E.extendedMasterSecret, new Uint8Array()],
  renegotiationInfo: (verifyData: Uint8Array = new Uint8Array()): [number, Uint8Array] => [
    E.renegotiationInfo,
    body((w) => w.vector8((v) => v.bytes(verifyData))),
  ],
};

export const allSchemes: readonly number[] = Object.values(S);
export const x25519 = (): EphemeralKey => nodeCrypto.keyAgreement(NamedGroup.x25519)!.generate!();

/** A ClientHello for TLS 1.3 with a share of X25519. */
export const hello13 = (key: EphemeralKey = x25519()): HelloFields => ({
  legacyVersion: ProtocolVersion.tls12,
  random: randomBytes(32),
  sessionId: randomBytes(32),
  cipherSuites: [0x1301, 0x1302, 0x1303],
  compressionMethods: [0],
  extensions: [
    ext.supportedVersions([ProtocolVersion.tls13]),
    ext.supportedGroups([NamedGroup.x25519, NamedGroup.secp256r1]),
    ext.signatureAlgorithms(allSchemes),
    ext.keyShare([{ group: NamedGroup.x25519, key: key.share }]),
  ],
});

/** A ClientHello for TLS 1.2. */
export const hello12 = (): HelloFields => ({
  legacyVersion: ProtocolVersion.tls12,
  random: randomBytes(32),
  sessionId: new Uint8Array(),
  cipherSuites: [0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030],
  compressionMethods: [0],
  extensions: [
    ext.supportedGroups([NamedGroup.x25519, NamedGroup.secp256r1]),
    ext.ecPointFormats([0]),
    ext.signatureAlgorithms(allSchemes),
    ext.extendedMasterSecret(),
    ext.renegotiationInfo(),
  ],
});

/** The hello with an extension replaced, or added at the end. */
export function withExtension(hello: HelloFields, [type, data]: [number, Uint8Array]): HelloFields {
  const extensions = [...(hello.extensions ?? [])];
  const index = extensions.findIndex(([present]) => present === type);
  if (index < 0) extensions.push([type, data]);
  else extensions[index] = [type, data];
  return { ...hello, extensions };
}

/** The hello without an extension. */
export const withoutExtension = (hello: HelloFields, type: number): HelloFields => ({
  ...hello,
  extensions: (hello.extensions ?? []).filter(([present]) => present !== type),
});

/** The handshake message. */
export const writeHello = (hello: HelloFields): Uint8Array =>
  writeMessage(HandshakeType.clientHello, (w) => {
    w.u16(hello.legacyVersion)
      .bytes(hello.random)
      .vector8((id) => id.bytes(hello.sessionId))
      .vector16(u16s(hello.cipherSuites))
      .vector8((l) => l.bytes(Uint8Array.from(hello.compressionMethods)));
    const { extensions } = hello;
    if (extensions !== undefined) {
      w.vector16((l) => {
        for (const [type, data] of extensions) l.u16(type).vector16((b) => b.bytes(data));
      });
    }
  });
