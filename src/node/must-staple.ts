import { channel } from 'node:diagnostics_channel';
import { ExtensionType } from '../wire/code-points.ts';
import { readCertificate } from '../x509/certificate.ts';
import type { Credential } from '../x509/credential.ts';
import { formatName } from '../x509/distinguished-name.ts';

/** The channel `tsls:ocsp:missing`, whose subscribers get the certificate, DER, at every handshake that goes without. */
export interface MissingStaple {
  readonly certificate: Uint8Array;
}

const missing = channel('tsls:ocsp:missing');

/** Credentials, and whether their certificates want a staple. */
const known = new WeakMap<Credential, boolean>();

/** Certificates that were warned of, as DER in latin1. */
const warned = new Set<string>();

/** Whether a certificate says that it comes with an OCSP response, always (RFC 7633 section 4: must-staple). */
export function mustStaple(credential: Credential): boolean {
  let must = known.get(credential);
  if (must === undefined) {
    must = readCertificate(credential.chain[0]!).tlsFeature?.includes(ExtensionType.statusRequest) === true;
    known.set(credential, must);
  }
  return must;
}

/** Tells that a client asked for a staple, that the certificate must have one, and that there is none. */
export function reportMissingStaple({ chain }: Credential): void {
  const certificate = chain[0]!;
  missing.publish({ certificate } satisfies MissingStaple);
  const key = Buffer.from(certificate).toString('latin1');
  if (warned.has(key)) return;
  warned.add(key);
  const subject = formatName(readCertificate(certificate).subject);
  process.emitWarning(`The certificate of ${subject} must be stapled, and no OCSP response is at hand`, {
    code: 'TSLS_MUST_STAPLE',
    detail: 'Clients that heed RFC 7633 refuse it. Set the option ocspStapling, or answer the event OCSPRequest.',
  });
}
