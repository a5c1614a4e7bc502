import type { ClientIdentity } from '../handshake/handshake.ts';
import { type LegacyCertificate, legacyCertificate } from './legacy-certificate.ts';

/**
 * A client's certificate in Node's old form; an empty object where it has none. With `detailed`, each certificate has
 * its issuer's, along the path to the authority as far as there is one; a self-signed one is its own issuer.
 */
export function peerCertificate(
  client: ClientIdentity | undefined,
  detailed: boolean,
): LegacyCertificate | Record<string, never> {
  const [leaf] = client?.chain ?? [];
  if (client === undefined || leaf === undefined) return {};
  if (!detailed) return legacyCertificate(leaf);
  const { path = client.chain } = client.verdict;
  const chain = (path.length > 0 ? path : client.chain).map(legacyCertificate);
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer !== undefined) certificate.issuerCertificate = issuer;
    else if (isSelfIssued(certificate)) certificate.issuerCertificate = certificate;
  }
  return chain[0]!;
}

const isSelfIssued = ({ subject, issuer }: LegacyCertificate): boolean =>
  JSON.stringify(subject) === JSON.stringify(issuer);
