import type { Certificate } from './certificate.ts';
import { nameAttribute } from './distinguished-name.ts';
import { parseIp } from './ip-address.ts';

/**
 * Whether a certificate is one for `name`: a host name in ASCII (A-labels), with or without a final dot, or an IP
 * address in text. After RFC 9525 section 6.3: an address matches only an address; a wildcard is only a whole
 * leftmost label, stands for one label, and has two labels at least after it. After RFC 6125 section 6.4.4 the
 * subject's CN counts only where there is no dNSName.
 */
export function matchesHost(certificate: Certificate, name: string): boolean {
  const address = parseIp(name);
  if (address !== undefined) {
    return certificate.subjectAltName.some(({ type, bytes }) => type === 'ip' && Buffer.compare(bytes, address) === 0);
  }
  const host = canonicalHost(name);
  if (host === undefined) return false;
  const patterns = certificate.subjectAltName.filter(({ type }) => type === 'dns').map(({ value }) => value);
  if (patterns.length === 0) {
    const commonName = nameAttribute(certificate.subject, 'CN');
    return commonName !== undefined && matchesPattern(commonName, host);
  }
  return patterns.some((pattern) => matchesPattern(pattern, host));
}

/** Host and pattern in lower case without final dot; `undefined` where it is no host name. */
function canonicalHost(name: string): string | undefined {
  const host = name.toLowerCase().replace(/\.$/, '');
  const wellFormed = host.length <= 253 && host.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
  // All digits at the end is an address badly written, or another's way to write one.
  return wellFormed && !/(?:^|\.)[0-9]+$/.test(host) ? host : undefined;
}

function matchesPattern(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return canonicalHost(pattern) === host;
  const suffix = canonicalHost(pattern.slice(2));
  const dot = host.indexOf('.');
  return suffix?.includes('.') === true && dot > 0 && host.slice(dot + 1) === suffix;
}
