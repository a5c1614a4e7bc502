/** Record content types (RFC 8446 section 5.1). */
export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** The name of a content type, or its number. */
export const contentName = (type: number): string => contentNames.get(type) ?? `type ${type}`;
const contentNames = new Map<number, string>(Object.entries(ContentType).map(([name, type]) => [type, name]));

/** Protocol versions as on the wire. */
export const ProtocolVersion = { ssl3: 0x0300, tls10: 0x0301, tls11: 0x0302, tls12: 0x0303, tls13: 0x0304 } as const;

const versionNames = new Map<number, string>([
  [0x0002, 'SSLv2'],
  [0x0300, 'SSLv3'],
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);

/** Node's name of a protocol version (`TLSv1.3`), or its number in hexadecimal. */
export const versionName = (version: number): string => versionNames.get(version) ?? hex16(version);

/** Handshake message types (RFC 8446 section 4; RFC 5246 section 7.4). */
export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  endOfEarlyData: 5,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
  keyUpdate: 24,
  compressedCertificate: 25,
  nextProtocol: 67,
  messageHash: 254,
} as const;

export type MessageName = keyof typeof HandshakeType;

const messageNames = new Map<number, MessageName>(
  (Object.keys(HandshakeType) as MessageName[]).map((name) => [HandshakeType[name], name]),
);

/** The name of a handshake message type, or `undefined` where none is assigned. */
export const messageName = (type: number): MessageName | undefined => messageNames.get(type);

/** Extension types (IANA TLS ExtensionType Values), by the registry's names in camelCase. */
export const ExtensionType = {
  serverName: 0,
  maxFragmentLength: 1,
  statusRequest: 5,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  heartbeat: 15,
  alpn: 16,
  statusRequestV2: 17,
  signedCertificateTimestamp: 18,
  clientCertificateType: 19,
  serverCertificateType: 20,
  padding: 21,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  tokenBinding: 24,
  compressCertificate: 27,
  recordSizeLimit: 28,
  delegatedCredential: 34,
  sessionTicket: 35,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  cookie: 44,
  pskKeyExchangeModes: 45,
  certificateAuthorities: 47,
  oidFilters: 48,
  postHandshakeAuth: 49,
  signatureAlgorithmsCert: 50,
  keyShare: 51,
  quicTransportParameters: 57,
  nextProtocolNegotiation: 13172,
  applicationSettingsOld: 17513,
  applicationSettings: 17613,
  encryptedClientHello: 0xfe0d,
  renegotiationInfo: 0xff01,
} as const;

const extensionNames = new Map<number, string>(
  Object.entries(ExtensionType).map(([name, type]) => [
    type,
    name === 'alpn' ? 'application_layer_protocol_negotiation' : snake(name),
  ]),
);

/** The registry's name of an extension (`key_share`), `GREASE`, or its number in hexadecimal. */
export const extensionName = (type: number): string =>
  extensionNames.get(type) ?? (isGrease(type) ? 'GREASE' : hex16(type));

/** Named groups (RFC 8446 section 4.2.7; draft-ietf-tls-ecdhe-mlkem). */
export const NamedGroup = {
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  x25519: 0x001d,
  x448: 0x001e,
  secp256r1MLKEM768: 0x11eb,
  x25519MLKEM768: 0x11ec,
  secp384r1MLKEM1024: 0x11ed,
} as const;

const groupNames = new Map<number, string>([
  [0x0017, 'secp256r1'],
  [0x0018, 'secp384r1'],
  [0x0019, 'secp521r1'],
  [0x001d, 'X25519'],
  [0x001e, 'X448'],
  [0x0100, 'ffdhe2048'],
  [0x0101, 'ffdhe3072'],
  [0x0102, 'ffdhe4096'],
  [0x0103, 'ffdhe6144'],
  [0x0104, 'ffdhe8192'],
  [0x11eb, 'SecP256r1MLKEM768'],
  [0x11ec, 'X25519MLKEM768'],
  [0x11ed, 'SecP384r1MLKEM1024'],
  [0x0200, 'MLKEM512'],
  [0x0201, 'MLKEM768'],
  [0x0202, 'MLKEM1024'],
  [0x6399, 'X25519Kyber768Draft00'],
  [0x0015, 'secp224r1'],
  [0x0016, 'secp256k1'],
  [0x001a, 'brainpoolP256r1'],
  [0x001b, 'brainpoolP384r1'],
  [0x001c, 'brainpoolP512r1'],
  [0x001f, 'brainpoolP256r1tls13'],
  [0x0020, 'brainpoolP384r1tls13'],
  [0x0021, 'brainpoolP512r1tls13'],
]);

/** The registry's name of a named group, `GREASE`, or its number in hexadecimal. */
export const groupName = (group: number): string =>
  groupNames.get(group) ?? (isGrease(group) ? 'GREASE' : hex16(group));

/** Signature schemes (RFC 8446 section 4.2.3). */
export const SignatureScheme = {
  rsaPkcs1Sha1: 0x0201,
  ecdsaSha1: 0x0203,
  rsaPkcs1Sha256: 0x0401,
  ecdsaSecp256r1Sha256: 0x0403,
  rsaPkcs1Sha384: 0x0501,
  ecdsaSecp384r1Sha384: 0x0503,
  rsaPkcs1Sha512: 0x0601,
  ecdsaSecp521r1Sha512: 0x0603,
  rsaPssRsaeSha256: 0x0804,
  rsaPssRsaeSha384: 0x0805,
  rsaPssRsaeSha512: 0x0806,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsaPssPssSha256: 0x0809,
  rsaPssPssSha384: 0x080a,
  rsaPssPssSha512: 0x080b,
} as const;

const schemeNames = new Map<number, string>([
  ...Object.entries(SignatureScheme).map(([name, scheme]): [number, string] => [scheme, snake(name)]),
  [0x0202, 'dsa_sha1'],
  [0x0301, 'rsa_pkcs1_sha224'],
  [0x0302, 'dsa_sha224'],
  [0x0303, 'ecdsa_sha224'],
  [0x0402, 'dsa_sha256'],
  [0x0502, 'dsa_sha384'],
  [0x0602, 'dsa_sha512'],
  [0x081a, 'ecdsa_brainpoolP256r1tls13_sha256'],
  [0x081b, 'ecdsa_brainpoolP384r1tls13_sha384'],
  [0x081c, 'ecdsa_brainpoolP512r1tls13_sha512'],
  [0x0904, 'mldsa44'],
  [0x0905, 'mldsa65'],
  [0x0906, 'mldsa87'],
]);

/** The registry's name of a signature scheme, `GREASE`, or its number in hexadecimal. */
export const schemeName = (scheme: number): string =>
  schemeNames.get(scheme) ?? (isGrease(scheme) ? 'GREASE' : hex16(scheme));

/** Whether a two-byte code point is reserved to keep peers tolerant (RFC 8701 section 2). */
export const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);

/** A two-byte code point as `0x1a2b`. */
export function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/** `rsaPssRsaeSha256` -> `rsa_pss_rsae_sha256`, `secp256r1` unchanged. */
function snake(name: string): string {
  return name.replace(/([A-Z])/g, '_$1').toLowerCase();
}
