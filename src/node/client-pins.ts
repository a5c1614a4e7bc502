import { ocspCrypto } from '../crypto/node/certificate-signatures.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { invalidArgType, invalidArgValue } from './arguments.ts';
import type { ClientCertificates } from './client-verifier.ts';

/** A judge for the option `verifyClient` that has no more to say than "no", or for pins alone, "yes". */
export type ClientJudge = (client: ClientCertificates) => boolean | undefined;

/** How pins count. */
export interface PinOptions {
  /**
   * Whether a pinned key of the client's own makes its certificate good, whoever signed it and whenever it expires.
   * By default pins are asked for on top of `ca` and `crl`, and may be those of authorities, too.
   */
  readonly alone?: boolean | undefined;
}

const pinForm = /^sha256\/([A-Za-z0-9+/]{43}=)$/;

/**
 * Lets in clients with pinned keys: `sha256/` and base64 of the SHA-256 hash of a DER SubjectPublicKeyInfo (RFC 7469
 * section 2.4), of any certificate on the verified path. Throws `ERR_INVALID_ARG_VALUE` for pins that are none.
 */
export function pinnedKeys(pins: readonly string[], { alone = false }: PinOptions = {}): ClientJudge {
  checkList('pins', pins);
  const hashes = new Set(
    pins.map((pin) => {
      const hash = pinForm.exec(pin)?.[1];
      if (hash === undefined) throw invalidArgValue('pins', pin, 'must be sha256/ and 32 bytes in base64');
      return hash;
    }),
  );
  const isPinned = (der: Uint8Array): boolean => hashes.has(pinOf(readCertificate(der)));
  return ({ authorized, chain, path }) => {
    // The client has the key of its first certificate, as its signature shows; of the others nothing is known.
    if (alone) return chain[0] !== undefined && isPinned(chain[0]);
    return authorized && path.some(isPinned) ? undefined : false;
  };
}

const pinOf = ({ publicKey }: Certificate): string =>
  Buffer.from(ocspCrypto.hash('sha256', publicKey.spki)).toString('base64');

// SPIFFE-ID section 2: a trust domain in lower case, and a path of segments none of which is empty, `.` or `..`.
const spiffeForm = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;
const longestSpiffeId = 2048;

const isSpiffeId = (id: string): boolean => id.length <= longestSpiffeId && spiffeForm.test(id);

/**
 * Lets in clients by their SPIFFE IDs (X.509-SVID), on top of `ca`: whole ones (`spiffe://example.org/web`), or all below
 * one (`spiffe://example.org/ns/prod/*`). Whatever is in `ca` may vouch for every trust domain: authorities of different
 * ones need contexts of their own. Throws `ERR_INVALID_ARG_VALUE` for IDs that are none.
 */
export function spiffeIds(ids: readonly string[]): ClientJudge {
  checkList('ids', ids);
  const whole = new Set<string>();
  const prefixes: string[] = [];
  for (const id of ids) {
    const isPrefix = typeof id === 'string' && id.endsWith('/*');
    if (!isSpiffeId(isPrefix ? id.slice(0, -2) : id)) throw invalidArgValue('ids', id, 'must be SPIFFE IDs');
    if (isPrefix) prefixes.push(id.slice(0, -1));
    else whole.add(id);
  }
  return ({ authorized, path }) => {
    const id = authorized && path[0] !== undefined ? spiffeIdOf(readCertificate(path[0])) : undefined;
    if (id === undefined) return false;
    return whole.has(id) || prefixes.some((prefix) => id.startsWith(prefix)) ? undefined : false;
  };
}

/**
 * The SPIFFE ID of a certificate, if it is a leaf of X.509-SVID (sections 2, 3 and 5.2): its only URI, and a key that is
 * for signatures and not for certificates.
 */
function spiffeIdOf({ subjectAltName, basicConstraints, keyUsage }: Certificate): string | undefined {
  const uris = subjectAltName.filter(({ type }) => type === 'uri');
  if (uris.length !== 1 || basicConstraints?.ca || !keyUsage?.includes('digitalSignature')) return undefined;
  if (keyUsage.includes('keyCertSign') || keyUsage.includes('cRLSign')) return undefined;
  const id = uris[0]!.value;
  return isSpiffeId(id) ? id : undefined;
}

function checkList(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidArgType(name, 'an instance of Array', value);
}
