import type { GeneralName } from '../certificate-extensions.ts';
import { canonicalRdns } from '../distinguished-name.ts';
import type { NameFault } from './name-constraints-check.ts';

/**
 * Whether a name lies in a subtree of its own kind (RFC 5280 section 4.2.1.10), or why that cannot be told. Where a
 * wildcard stands for names inside and outside of the subtree, it counts as inside only for an excluded one; and so does
 * everything where mail or URIs are constrained to nothing, which the RFC gives no meaning.
 */
export function matchesSubtree(
  name: GeneralName,
  base: GeneralName,
  list: 'permitted' | 'excluded',
): boolean | NameFault {
  switch (name.type) {
    case 'directory':
      return matchesDirectory(name, base);
    case 'dns':
      return matchesDns(name.value, base.value, list);
    case 'email':
      return list === 'excluded' && base.value === '' ? true : matchesEmail(name.value, base.value);
    case 'uri':
      return list === 'excluded' && base.value === '' ? true : matchesUri(name.value, base.value);
    case 'ip':
      return matchesIp(name.bytes, base.bytes);
    case 'registeredId':
    case 'other':
      return base.type === 'email'
        ? { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'an internationalized mail address under constraints' }
        : { error: 'UNSUPPORTED_CONSTRAINT_TYPE', reason: 'a constraint on names of an unknown kind' };
  }
}

function matchesDirectory(name: GeneralName, base: GeneralName): boolean {
  if (name.name === undefined || base.name === undefined) return false;
  const rdns = canonicalRdns(name.name);
  return canonicalRdns(base.name).every((rdn, index) => rdns[index] === rdn);
}

const hostName = /^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/i;
const printable = /^[\x21-\x7e]*$/;

function matchesDns(name: string, base: string, list: 'permitted' | 'excluded'): boolean | NameFault {
  if (!hostName.test(name)) return { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'a host name that is none' };
  if (!printable.test(base) || base.startsWith('*')) {
    return { error: 'UNSUPPORTED_CONSTRAINT_SYNTAX', reason: 'a constraint on hosts that is no host name' };
  }
  const host = name.toLowerCase().replace(/\.$/, '');
  const tree = base.toLowerCase().replace(/\.$/, '');
  if (isWithin(host, tree)) return true;
  if (list === 'permitted' || !host.startsWith('*.')) return false;
  // `*.example.com` may stand for the excluded `a.example.com`.
  const parent = host.slice(1);
  return tree.endsWith(parent) && !tree.slice(0, -parent.length).replace(/^\./, '').includes('.');
}

/** Whether a host is the tree's own or below it; with a dot in front, a tree is only what is below. */
const isWithin = (host: string, tree: string): boolean =>
  tree === '' || (tree.startsWith('.') ? host.endsWith(tree) : host === tree || host.endsWith(`.${tree}`));

// A mailbox, a host with all of its mailboxes, or a domain of hosts where it begins with a dot.
function matchesEmail(name: string, base: string): boolean | NameFault {
  const at = name.lastIndexOf('@');
  if (at < 0 || !printable.test(name))
    return { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'a mail address that is none' };
  if (!printable.test(base))
    return { error: 'UNSUPPORTED_CONSTRAINT_SYNTAX', reason: 'a constraint on mail that is none' };
  const [local, host] = [name.slice(0, at), name.slice(at + 1).toLowerCase()];
  const baseAt = base.lastIndexOf('@');
  if (baseAt < 0 && base.startsWith('.')) return host.endsWith(base.toLowerCase());
  // The part before the @ has upper and lower case (RFC 5321 section 2.4).
  if (baseAt > 0 && base.slice(0, baseAt) !== local) return false;
  return base.slice(baseAt + 1).toLowerCase() === host;
}

// RFC 3986 section 3; of the authority only the host counts, which must be a name.
const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::[0-9]*)?(?:[/?#].*)?$/i;

function matchesUri(name: string, base: string): boolean | NameFault {
  const host = printable.test(name) ? authority.exec(name)?.[1]?.toLowerCase() : undefined;
  if (host === undefined || /(?:^|\.)[0-9]+$/.test(host)) {
    return { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'a URI without the name of a host' };
  }
  const tree = base.toLowerCase();
  return tree.startsWith('.') ? host.length > tree.length && host.endsWith(tree) : host === tree;
}

function matchesIp(address: Uint8Array, range: Uint8Array): boolean | NameFault {
  const { length } = address;
  if (length !== 4 && length !== 16)
    return { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'an address of another length' };
  if (range.length !== 8 && range.length !== 32) {
    return { error: 'UNSUPPORTED_NAME_SYNTAX', reason: 'a range of addresses of another length' };
  }
  if (range.length !== 2 * length) return false;
  return address.every((byte, i) => ((byte ^ range[i]!) & range[length + i]!) === 0);
}
