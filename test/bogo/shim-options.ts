import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyTypeOf, signLocally } from '../../src/crypto/node/signing.ts';
import { defaultSignatureSchemes } from '../../src/crypto/signature-schemes.ts';
import tls, {
  type AlpnCallback,
  type ClientHello,
  createSecureContext,
  type HelloAnswer,
  type OnClientHello,
  type RemoteKey,
  type SecureContext,
  type Server,
  type TlsOptions,
} from '../../src/index.ts';
import { ProtocolVersion, SignatureScheme, schemeName, versionName } from '../../src/wire/code-points.ts';
import { type CredentialFiles, type ShimFlags, Unimplemented } from './shim-flags.ts';
import { policyOptions } from './shim-policies.ts';

/** What the callbacks of a server saw, for the checks after the handshake. */
export interface Observed {
  /** The number of the credential whose key signed last, or was imported. */
  signedWith: number | undefined;
  /** The client's certificates, DER. */
  clientChain: readonly Uint8Array[] | undefined;
  /** Whether a session was put into the store. */
  storedSession: boolean;
  /** What is wrong, found in a callback. */
  complaint: string | undefined;
}

export const nothingObserved = (): Observed => ({
  signedWith: undefined,
  clientChain: undefined,
  storedSession: false,
  complaint: undefined,
});

/** What a user of `createServer` would write for the runner's flags, but for sessions. Throws `Unimplemented`. */
export function serverOptions(
  flags: ShimFlags,
  observed: Observed,
  credentials: readonly CredentialFiles[] = flags.credentials,
): TlsOptions {
  const options: TlsOptions = {
    key: credentials.map((files) => keyOf(files, flags, observed)),
    cert: credentials.map(({ certFile }) => readFileSync(certFile)),
    ...versionsOf(flags),
    honorCipherOrder: flags.has('-server-preference'),
    ...policyOptions(flags),
    ...(flags.has('-cipher') && { ciphers: ciphersOf(flags.text('-cipher')!) }),
    ...(flags.has('-curves') && { ecdhCurve: flags.numbers('-curves').map(curveName).join(':') }),
    ...sigalgsOf(flags),
    ...(flags.has('-advertise-npn') && { NPNProtocols: Buffer.from(flags.text('-advertise-npn')!) }),
    ...(flags.has('-enable-early-data') && { maxEarlyData: 14_336 }),
    ...(flags.has('-psk') && preSharedKey(flags)),
    ...(flags.importedKeys.length > 0 && { pskCallback: importedKeys(flags, observed) }),
    ...clientAuthentication(flags, observed),
    ...(hasHelloHook(flags) && { onClientHello: helloHook(flags, observed) }),
    ...(alpnFlags.some((name) => flags.has(name)) ? { ALPNCallback: alpnCallback(flags, observed) } : {}),
  };
  // BoringSSL has no levels of security: the runner's keys may be short.
  return { ...options, ciphers: `${options.ciphers ?? tls.DEFAULT_CIPHERS}:@SECLEVEL=0` };
}

/** Who does not know the identity has no key for it. */
const preSharedKey = (flags: ShimFlags): TlsOptions => ({
  ciphers: ciphersOf('DEFAULT:PSK'),
  pskIdentityHint: flags.text('-psk-identity'),
  pskCallback: (_socket, identity) =>
    identity === (flags.text('-psk-identity') ?? '') ? Buffer.from(flags.text('-psk')!) : null,
});

/** The key that a client imported: all of its identity must be what was agreed upon. */
function importedKeys(flags: ShimFlags, observed: Observed): TlsOptions['pskCallback'] {
  return async (_socket, _identity, imported) => {
    if (flags.has('-async')) await nextTurn();
    const found = flags.importedKeys.find(
      ({ identity, context }) => imported?.externalIdentity.equals(identity) && imported.context.equals(context),
    );
    if (found === undefined) return null;
    observed.signedWith = found.number;
    return { psk: found.key, hash: found.hash, isImported: true };
  };
}

function clientAuthentication(flags: ShimFlags, observed: Observed): TlsOptions {
  const isRequired = flags.has('-require-any-client-certificate');
  const isRefused = flags.has('-verify-fail');
  if (!isRequired && !flags.has('-verify-peer')) return {};
  const takesKeys = flags.has('-psk') || flags.importedKeys.length > 0;
  // Clients are told of the authorities that they are judged by, or else of none and the application judges.
  const tellsNone = /^<(?:NULL|EMPTY)>$/.test(flags.text('-use-client-ca-list') ?? '');
  if (flags.has('-use-client-ca-list') && !tellsNone) throw new Unimplemented('names of authorities without these');
  return {
    requestCert: true,
    // BoringSSL refuses a certificate that it does not like even where it wants none in particular, and takes a pre-shared
    // key for one; with us as with Node it does not stand for a certificate that is required.
    rejectUnauthorized: (isRequired && !takesKeys) || isRefused,
    ...(flags.text('-trust-cert') && !tellsNone && { ca: readFileSync(flags.text('-trust-cert')!) }),
    async verifyClient({ chain }) {
      observed.clientChain = chain;
      if (flags.has('-async')) await nextTurn();
      return isRefused ? false : tellsNone || undefined;
    },
  };
}

/** Answers `OCSPRequest`, where the runner has something for a credential. */
export function staple(server: Server, flags: ShimFlags): void {
  const responses = flags.credentials.flatMap(({ certFile, ocspResponse }) =>
    ocspResponse ? [{ certificate: new X509Certificate(readFileSync(certFile)).raw, ocspResponse }] : [],
  );
  if (responses.length === 0 && !flags.has('-fail-ocsp-callback')) return;
  server.on('OCSPRequest', async (certificate, _issuer, callback) => {
    if (flags.has('-async')) await nextTurn();
    if (flags.has('-fail-ocsp-callback')) return callback(refusal());
    const found = responses.find((response) => certificate.equals(response.certificate));
    callback(null, flags.has('-decline-ocsp-callback') ? null : found?.ocspResponse);
  });
}

function versionsOf(flags: ShimFlags): Pick<TlsOptions, 'minVersion' | 'maxVersion'> {
  const [least, most] = [flags.number('-min-version') ?? 0, flags.number('-max-version') ?? 0xffff];
  const left = [ProtocolVersion.tls12, ProtocolVersion.tls13].filter(
    (version) =>
      version >= least && version <= most && !flags.has(version === ProtocolVersion.tls12 ? '-no-tls12' : '-no-tls13'),
  );
  if (left.length === 0) throw new Unimplemented('TLS 1.1 and older');
  const name = (version: number): 'TLSv1.2' | 'TLSv1.3' => versionName(version) as 'TLSv1.2' | 'TLSv1.3';
  return { minVersion: name(left[0]!), maxVersion: name(left.at(-1)!) };
}

/** `-cipher` is about TLS 1.2 alone. */
function ciphersOf(list: string): string {
  if (list.includes('[')) throw new Unimplemented('suites of equal preference');
  return `TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:${list}`;
}

const curves: Readonly<Record<number, string>> = {
  23: 'P-256',
  24: 'P-384',
  25: 'P-521',
  29: 'X25519',
  30: 'X448',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
};

function curveName(group: number): string {
  const name = curves[group];
  if (name === undefined) throw new Unimplemented(`group ${group}`);
  return name;
}

function schemeOf(scheme: number): string {
  if (!defaultSignatureSchemes.includes(scheme)) throw new Unimplemented(`signature scheme ${scheme}`);
  return schemeName(scheme);
}

/** A server has one list for what it signs with, whatever the key, and for what clients may sign with. */
function sigalgsOf(flags: ShimFlags): Pick<TlsOptions, 'sigalgs'> {
  const [first, ...others] = flags.credentials.map(({ signingPrefs }) => signingPrefs);
  if (others.some((prefs) => prefs.join() !== first!.join())) {
    throw new Unimplemented('signature schemes that differ between credentials');
  }
  const signing = first ?? [];
  const verifying = flags.numbers('-verify-prefs');
  if (signing.length + verifying.length === 0) return {};
  // Where only the client's are limited, ours must be among them.
  const schemes = signing.length > 0 ? [...signing, ...verifying] : [...verifying, ...schemesOfRunner];
  return { sigalgs: schemes.map(schemeOf).join(':') };
}

/** What the runner's RSA key, the one by default, signs with. */
const schemesOfRunner: readonly number[] = [SignatureScheme.rsaPssRsaeSha256, SignatureScheme.rsaPkcs1Sha256];

/** The key itself, or one that signs elsewhere where the case wants to wait for it or to know which one it was. */
function keyOf({ keyFile, number }: CredentialFiles, flags: ShimFlags, observed: Observed): Buffer | RemoteKey {
  const pem = readFileSync(keyFile);
  if (!flags.has('-async') && !flags.has('-expect-selected-credential')) return pem;
  const key = createPrivateKey(pem);
  return {
    publicKey: createPublicKey(key),
    async sign(name, data) {
      observed.signedWith = number;
      if (flags.has('-async')) await nextTurn();
      return signLocally(
        key,
        keyTypeOf(key)!,
        defaultSignatureSchemes.find((scheme) => schemeName(scheme) === name)!,
        data,
      );
    },
  };
}

const hooks = [
  '-async',
  '-fail-cert-callback',
  '-fail-ddos-callback',
  '-fail-early-callback',
  '-install-ddos-callback',
  '-max-send-fragment',
  '-use-early-callback',
];

const refusal = (): Error => Object.assign(new Error('the callback refuses'), { code: 'CALLBACK_REFUSED' });

const hasHelloHook = (flags: ShimFlags): boolean =>
  hooks.some((name) => flags.has(name)) || flags.credentials.some(({ mustMatchIssuer }) => mustMatchIssuer);

/** All callbacks that BoringSSL has between ClientHello and ServerHello in one. */
function helloHook(flags: ShimFlags, observed: Observed): OnClientHello {
  return async function (hello) {
    if (flags.has('-async')) await nextTurn();
    if (flags.has('-fail-early-callback')) return { alert: 'handshake_failure' };
    if (flags.has('-fail-ddos-callback') || flags.has('-fail-cert-callback')) throw refusal();
    if (flags.has('-max-send-fragment')) this.setMaxSendFragment(flags.number('-max-send-fragment')!);
    return matchIssuers(flags, observed, hello);
  };
}

/** Leaves out the credentials that are only for clients that name one of their issuers. */
function matchIssuers(flags: ShimFlags, observed: Observed, { offers }: ClientHello): HelloAnswer {
  const contextOf = (credentials: readonly CredentialFiles[]): SecureContext =>
    createSecureContext(serverOptions(flags, observed, credentials));
  const isNamed = (issuer: Uint8Array): boolean =>
    offers.certificateAuthorities?.some((name) => Buffer.compare(name, issuer) === 0) === true;
  const fitting = flags.credentials.filter(
    (files) => !files.mustMatchIssuer || contextOf([files]).config.credentials[0]!.issuers.some(isNamed),
  );
  if (fitting.length === flags.credentials.length) return undefined;
  return fitting.length > 0 ? { secureContext: contextOf(fitting) } : { alert: 'handshake_failure' };
}

const alpnFlags = ['-select-alpn', '-select-empty-alpn', '-reject-alpn'];

function alpnCallback(flags: ShimFlags, observed: Observed): AlpnCallback {
  return async ({ protocols }) => {
    const offered = protocols.map((name) => String.fromCharCode(name.length) + name).join('');
    const expected = flags.text('-expect-advertised-alpn') ?? offered;
    if (offered !== expected) observed.complaint = `the client advertises ${JSON.stringify(offered)}`;
    if (flags.has('-async')) await nextTurn();
    return flags.has('-select-empty-alpn') ? '' : flags.text('-select-alpn');
  };
}
