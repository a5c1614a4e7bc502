import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { formatIp, parseIp } from '../x509/ip-address.ts';
import { nodeError } from './errors.ts';

/** Of a certificate in the old form (`getPeerCertificate`), what says whose it is. */
export interface IdentifiedCertificate {
  readonly subject?: { readonly CN?: string | string[] | undefined } | undefined;
  /** `DNS:example.org, IP Address:192.0.2.1`; names with anything unusual in them are quoted as in JSON. */
  readonly subjectaltname?: string | undefined;
}

/** `ERR_TLS_CERT_ALTNAME_INVALID`, as Node has it. */
export interface IdentityError extends Error {
  readonly code: 'ERR_TLS_CERT_ALTNAME_INVALID';
  readonly reason: string;
  readonly host: string;
  readonly cert: IdentifiedCertificate;
}

/**
 * Whether a server's certificate, in the old form, is one for a host: gives the error if it is not. The same as Node's
 * newest, on every Node: hosts are compared as A-labels (UTS #46), in lower case and without a final dot; the wildcard is
 * part of the leftmost label; the CN counts only where there is no dNSName and no more for addresses. Throws
 * `ERR_TLS_CERT_ALTNAME_FORMAT` where a quoted name is not one.
 *
 * For clients, which are not made here; servers judge theirs by other means.
 */
export function checkServerIdentity(hostname: string, cert: IdentifiedCertificate): IdentityError | undefined {
  const text = `${hostname}`;
  const host = withoutDot(text);
  const reason = isIP(host) ? faultOfAddress(host, cert) : faultOfName(host, withoutDot(domainToASCII(text)), cert);
  if (reason === undefined) return undefined;
  const message = `Hostname/IP does not match certificate's altnames: ${reason}`;
  return nodeError('ERR_TLS_CERT_ALTNAME_INVALID', message, Error, { reason, host, cert }) as IdentityError;
}

function faultOfAddress(host: string, cert: IdentifiedCertificate): string | undefined {
  const addresses = alternativeNames(cert).flatMap((name) =>
    name.startsWith('IP Address:') ? [canonicalAddress(name.slice('IP Address:'.length))] : [],
  );
  if (addresses.includes(canonicalAddress(host))) return undefined;
  return `IP: ${host} is not in the cert's list: ${addresses.join(', ')}`;
}

function faultOfName(host: string, asciiHost: string, cert: IdentifiedCertificate): string | undefined {
  const patterns = alternativeNames(cert).flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []));
  const labels = labelsOf(asciiHost);
  if (patterns.length > 0) {
    if (patterns.some((pattern) => matches(labels, pattern))) return undefined;
    return `Host: ${host}. is not in the cert's altnames: ${cert.subjectaltname}`;
  }
  const commonName = cert.subject?.CN;
  if (!commonName) return 'Cert does not contain a DNS name';
  if ([commonName].flat().some((pattern) => matches(labels, pattern))) return undefined;
  return `Host: ${host}. is not cert's CN: ${commonName}`;
}

/** `undefined` for what is no address, which is no address of any host either. */
function canonicalAddress(text: string): string | undefined {
  const bytes = parseIp(text);
  if (bytes?.length !== 16) return bytes && formatIp(bytes);
  // As inet_ntop writes them: addresses of IPv4 within IPv6 with dots.
  const [low, isMapped] = [bytes.subarray(12), bytes[10] === 0xff && bytes[11] === 0xff];
  const isCompatible = bytes[10] === 0 && bytes[11] === 0 && (bytes[12] !== 0 || bytes[13] !== 0);
  if (bytes.subarray(0, 10).some(Boolean) || !(isMapped || isCompatible)) return formatIp(bytes);
  return `::${isMapped ? 'ffff:' : ''}${low.join('.')}`;
}

const withoutDot = (host: string): string => (host.endsWith('.') ? host.slice(0, -1) : host);

/** The labels in lower case, as far as that is ASCII: other letters are not folded. */
const labelsOf = (host: string): string[] =>
  withoutDot(host)
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .split('.');

function matches(host: readonly string[], pattern: string): boolean {
  if (!pattern) return false;
  const labels = labelsOf(pattern);
  if (labels.length !== host.length || !labels.every((label) => /^[\u0021-\u007f]+$/u.test(label))) return false;
  if (labels.some((label, i) => i > 0 && label !== host[i])) return false;
  const [own, asked] = [labels[0]!, host[0]!];
  const [before, after, ...more] = own.split('*');
  // RFC 6125 section 6.4.3: no wildcard within an A-label.
  if (after === undefined || own.includes('xn--')) return own === asked;
  if (more.length > 0 || labels.length < 3) return false;
  return asked.length >= before!.length + after.length && asked.startsWith(before!) && asked.endsWith(after);
}

/** The parts of `subjectaltname`. */
function alternativeNames({ subjectaltname: text }: IdentifiedCertificate): string[] {
  if (!text) return [];
  return text.includes('"') ? splitQuoted(text) : text.split(', ');
}

const quoted = /"(?:[^"\\]|\\.)*"/y;

/** Splits at the commas that are not quoted, and takes the quotes off. */
function splitQuoted(text: string): string[] {
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '"') {
      quoted.lastIndex = at;
      const part = quoted.exec(text)?.[0] ?? '';
      name += unquote(part);
      at += part.length;
    } else if (char === ',') {
      names.push(name);
      name = '';
      at += 2; // a space comes with it
    } else {
      name += char;
      at++;
    }
  }
  return [...names, name];
}

function unquote(part: string): string {
  try {
    return JSON.parse(part) as string;
  } catch {
    throw nodeError('ERR_TLS_CERT_ALTNAME_FORMAT', 'Invalid subject alternative name string', SyntaxError);
  }
}
