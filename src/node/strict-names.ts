import type { ClientHello } from '../messages/client-hello.ts';
import { fail } from '../wire/alert.ts';
import { ProtocolVersion } from '../wire/code-points.ts';
import { printable } from '../wire/printable.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import type { Credential } from '../x509/credential.ts';
import { matchesHost } from '../x509/host-name.ts';
import type { SecureContext } from './secure-context.ts';

const leaves = new WeakMap<Credential, Certificate>();

/** The end entity's certificate, parsed once. */
function leafOf(credential: Credential): Certificate {
  const leaf = leaves.get(credential) ?? readCertificate(credential.chain[0]!);
  leaves.set(credential, leaf);
  return leaf;
}

/**
 * `strictSNI`: refuses a client whose host has no context of its own, unless the server's own certificate is for that
 * host. Throws `TlsAlert`: unrecognized_name (RFC 6066 section 3) for another host, and for none missing_extension (RFC
 * 8446 section 9.2), which TLS 1.2 does not know.
 */
export function checkStrictName({ offers }: ClientHello, standard: SecureContext): void {
  const { serverName, supportedVersions } = offers;
  if (serverName === undefined) {
    const is13 =
      supportedVersions?.includes(ProtocolVersion.tls13) && standard.config.maxVersion >= ProtocolVersion.tls13;
    fail(is13 ? 'missingExtension' : 'handshakeFailure', 'ClientHello without server_name', 'MISSING_SERVER_NAME');
  }
  if (standard.config.credentials.some((credential) => matchesHost(leafOf(credential), serverName))) return;
  fail('unrecognizedName', `there is no certificate for "${printable(serverName)}"`);
}
