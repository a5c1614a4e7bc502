import type { Certificate } from '../certificate.ts';
import { nameKey } from '../distinguished-name.ts';
import { isSameCertificate } from './issuance.ts';

/** Under this key are the anchors of a name that have no subjectKeyIdentifier. */
const anyKey = '';

/** Certificates of authorities that are trusted, found by subject and key identifier. */
export class TrustStore {
  /** By subject, then by subjectKeyIdentifier. */
  readonly #anchors = new Map<string, Map<string, Certificate[]>>();
  #size = 0;

  constructor(certificates: Iterable<Certificate> = []) {
    for (const certificate of certificates) this.#add(certificate);
  }

  /** How many there are, each counted once. */
  get size(): number {
    return this.#size;
  }

  /** The anchor that is this very certificate, if there is one. */
  find(certificate: Certificate): Certificate | undefined {
    const list = this.#anchors.get(nameKey(certificate.subject))?.get(keyIdOf(certificate.subjectKeyId));
    return list?.find((anchor) => isSameCertificate(anchor, certificate));
  }

  /** The anchors that can have issued a certificate, judged by its issuer's name and key identifier. */
  issuersOf(certificate: Certificate): readonly Certificate[] {
    const named = this.#anchors.get(nameKey(certificate.issuer));
    if (named === undefined) return [];
    const keyId = certificate.authorityKeyId;
    if (keyId === undefined) return [...named.values()].flat();
    return [...(named.get(keyIdOf(keyId)) ?? []), ...(named.get(anyKey) ?? [])];
  }

  #add(certificate: Certificate): void {
    if (this.find(certificate)) return;
    const subject = nameKey(certificate.subject);
    const named = this.#anchors.get(subject) ?? new Map<string, Certificate[]>();
    this.#anchors.set(subject, named);
    const keyId = keyIdOf(certificate.subjectKeyId);
    named.set(keyId, [...(named.get(keyId) ?? []), certificate]);
    this.#size++;
  }
}

const keyIdOf = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? anyKey : `#${Buffer.from(bytes).toString('hex')}`;
