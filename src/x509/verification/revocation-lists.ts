import type { CertificateList } from '../certificate-list.ts';
import type { DistinguishedName } from '../distinguished-name.ts';
import { nameKey } from '../distinguished-name.ts';

/** CRLs found by their issuer. */
export class RevocationLists {
  readonly #lists = new Map<string, CertificateList[]>();

  constructor(lists: Iterable<CertificateList>) {
    for (const list of lists) {
      const key = nameKey(list.issuer);
      this.#lists.set(key, [...(this.#lists.get(key) ?? []), list]);
    }
  }

  /** All CRLs of an issuer, in the order in which they were given. */
  of(issuer: DistinguishedName): readonly CertificateList[] {
    return this.#lists.get(nameKey(issuer)) ?? [];
  }
}
