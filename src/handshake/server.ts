import { checkMaxFragmentLength } from '../extensions/max-fragment-length.ts';
import { type ClientHello, readClientHello } from '../messages/client-hello.ts';
import { fail } from '../wire/alert.ts';
import { ProtocolVersion, versionName } from '../wire/code-points.ts';
import type { ServerConfig } from './config.ts';
import type { Handshake, Secured } from './handshake.ts';
import { answer, message, type Steps } from './steps.ts';
import { handshake12 } from './tls12/handshake12.ts';
import { handshake13 } from './tls13/handshake13.ts';

/** TLS_FALLBACK_SCSV (RFC 7507). */
const fallbackScsv = 0x5600;

/** The server's side of a handshake, from ClientHello to Finished. */
export function* serverHandshake(hs: Handshake): Steps<Secured> {
  const first = yield* message('clientHello');
  // It waits in line unread: of many that come at once, no more than this is done with each.
  yield* answer(hs.policy.admit?.());
  const hello = readClientHello(first);
  hs.report.clientHello = hello;
  hs.report.reach('clientHello');
  checkHello(hello);
  const config = yield* answer(hs.policy.configure(hello));
  const version = selectVersion(hello, config);
  hs.report.versionNumber = version;
  hs.report.credential = config.credentials[0];
  hs.report.signatureSchemes = config.signatureSchemes;
  const { policy, provider, channel, report } = hs;
  const negotiation = { policy, provider, channel, report, hello, config };
  return version === ProtocolVersion.tls13 ? yield* handshake13(negotiation) : yield* handshake12(negotiation);
}

/** What holds for every ClientHello, whatever is negotiated. */
function checkHello(hello: ClientHello): void {
  // RFC 8446 appendix D.5.
  if (hello.legacyVersion <= ProtocolVersion.ssl3) {
    fail('protocolVersion', `the client speaks ${versionName(hello.legacyVersion)}`, 'UNSUPPORTED_PROTOCOL');
  }
  if (!hello.compressionMethods.includes(0)) {
    fail('illegalParameter', 'the client does not offer the null compression method', 'NO_COMPRESSION_SPECIFIED');
  }
  checkMaxFragmentLength(hello.offers.maxFragmentLength, hello.offers.recordSizeLimit);
}

/** Those that we speak, the best first. */
const versions: readonly number[] = [ProtocolVersion.tls13, ProtocolVersion.tls12];

/** RFC 8446 section 4.2.1 and appendix D; RFC 7507 section 3. */
function selectVersion(hello: ClientHello, config: ServerConfig): number {
  const offered = hello.offers.supportedVersions ?? versionsUpTo(hello.legacyVersion);
  const { minVersion, maxVersion } = config;
  const version = versions.find((ours) => ours >= minVersion && ours <= maxVersion && offered.includes(ours));
  if (version === undefined) {
    const names = offered.map(versionName).join(', ');
    fail('protocolVersion', `no common version: the client offers ${names || 'none'}`, 'UNSUPPORTED_PROTOCOL');
  }
  if (version < maxVersion && hello.cipherSuites.includes(fallbackScsv)) {
    fail('inappropriateFallback', `the client fell back to ${versionName(version)}`, 'INAPPROPRIATE_FALLBACK');
  }
  return version;
}

/** The versions that a client without supported_versions means; TLS 1.3 cannot be had without. */
const versionsUpTo = (legacyVersion: number): readonly number[] =>
  [ProtocolVersion.tls12, ProtocolVersion.tls11, ProtocolVersion.tls10].filter((version) => version <= legacyVersion);
