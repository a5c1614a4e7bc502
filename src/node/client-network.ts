import { formatIp, parseIp } from '../x509/ip-address.ts';

/**
 * What counts as one client of an address: for IPv4 the address itself, also where it is mapped into IPv6 (RFC 4291
 * section 2.5.5.2); for IPv6 its /64, all of which a single host may use (RFC 4291 section 2.5.1, RFC 8981).
 * `undefined` for what is no address, such as a Unix socket's.
 */
export function clientNetwork(address: string | undefined): string | undefined {
  const bytes = parseIp(address?.split('%')[0] ?? '');
  if (bytes === undefined || bytes.length === 4) return bytes && formatIp(bytes);
  if (mappedPrefix.every((byte, index) => byte === bytes[index])) return formatIp(bytes.subarray(12));
  return `${formatIp(bytes.fill(0, 8))}/64`;
}

/** ::ffff:0:0/96. */
const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
