// Certificates that are meant to cost much: `node build/bench/validation.js` measures what they cost.
import type { KeyObject } from 'node:crypto';
import { verificationCrypto } from '../src/crypto/node/certificate-signatures.ts';
import { type Certificate, readCertificate } from '../src/x509/certificate.ts';
import { readCertificateList } from '../src/x509/certificate-list.ts';
import { DerError } from '../src/x509/der.ts';
import { derSequence, derTime } from '../src/x509/der-writer.ts';
import { RevocationLists } from '../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../src/x509/verification/trust-store.ts';
import { type VerificationOptions, verify } from '../src/x509/verification/verify.ts';
import { extension, makeCertificate, makeList, testKey, testName, values } from '../test/support/certificate-maker.ts';

/** An input, and what a server does with it. */
export interface Hostile {
  readonly name: string;
  /** Reads everything from bytes and judges it. Returns what came of it. */
  run(): string;
}

interface Issuer {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const isAuthority = extension('basicConstraints', values.basicConstraints(true), true);
const issuerOf = (name: string, key: KeyObject, issuer?: Issuer, more: readonly Uint8Array[] = []): Issuer => ({
  key,
  certificate: makeCertificate({
    ...{ subject: testName({ CN: name }), key, extensions: [isAuthority, ...more] },
    ...(issuer && { issuer }),
  }),
});
const leafOf = (issuer: Issuer, extensions: readonly Uint8Array[] = []): Certificate =>
  makeCertificate({ subject: testName({ CN: 'client' }), key: testKey('p256', 3), issuer, extensions });

const root = issuerOf('root', testKey('p256', 1));
const stranger = issuerOf('stranger', testKey('p256', 2));

/** Reads the chain anew, as from the wire, and verifies it. */
function judging(chain: readonly Certificate[], options: Partial<VerificationOptions> = {}): () => string {
  const bytes = chain.map(({ der }) => der);
  const trust = new TrustStore([root.certificate]);
  return () => {
    const [leaf, ...others] = bytes.map(readCertificate);
    const verdict = verify([leaf!, ...others], { trust, crypto: verificationCrypto, time: new Date(), ...options });
    return verdict.authorized ? 'authorized' : verdict.failure.error;
  };
}

/** Five layers of two keys each, each signed by both of the keys above: 2^5 paths, to a stranger. */
function crossed(): readonly Certificate[] {
  const key = (layer: number, twin: number): KeyObject => testKey('p256', 100 + 2 * layer + twin);
  const peers: Certificate[] = [];
  for (let layer = 0; layer < 5; layer++) {
    for (const twin of [0, 1]) {
      const above =
        layer === 0 ? [stranger] : [0, 1].map((other) => issuerOf(`layer ${layer - 1}`, key(layer - 1, other)));
      for (const issuer of above) peers.push(issuerOf(`layer ${layer}`, key(layer, twin), issuer).certificate);
    }
  }
  return [leafOf({ certificate: peers[peers.length - 1]!, key: key(4, 1) }), ...peers];
}

/** Authorities of one name, with keys of their own, that sign each other in a ring. */
function ring(count: number): readonly Certificate[] {
  const key = (number: number): KeyObject => testKey('p256', 200 + number);
  const same = Array.from({ length: count }, (_, i) =>
    issuerOf('same', key(i), issuerOf('same', key((i + 1) % count))),
  );
  return [leafOf(same[0]!), ...same.map(({ certificate }) => certificate)];
}

/** Names, and constraints on names above them; of these half are permitted trees and half excluded ones. */
function constrained(constraints: number, names: number): readonly Certificate[] {
  const trees = Array.from({ length: constraints / 2 }, (_, i) => `dns:x${i}.example`);
  const value = values.nameConstraints(
    trees,
    trees.map((tree) => `${tree}.org`),
  );
  const above = issuerOf('many', testKey('p256', 4), root, [extension('nameConstraints', value)]);
  const all = values.names(...Array.from({ length: names }, (_, i) => `dns:x${i}.example`));
  return [leafOf(above, [extension('subjectAltName', all)]), above.certificate];
}

function deepDer(depth: number): Uint8Array {
  let nested: Uint8Array = new Uint8Array();
  for (let i = 0; i < depth; i++) nested = derSequence(nested);
  return nested;
}

/** Sixteen certificates each of two authorities, none of which may sign for a client. */
function unfit(): readonly Certificate[] {
  const server = extension('extKeyUsage', values.oids('1.3.6.1.5.5.7.3.1'));
  const twins = (name: string, key: KeyObject, issuer: Issuer): Issuer[] =>
    Array.from({ length: 16 }, () => issuerOf(name, key, issuer, [server]));
  const upper = twins('upper', testKey('p256', 5), root);
  const lower = twins('lower', testKey('p256', 6), upper[0]!);
  return [leafOf(lower[0]!), ...[...upper, ...lower].map(({ certificate }) => certificate)];
}

/** A CRL of 100,000 entries, which all give a reason if they have any extension. */
function hugeList(...extensions: readonly Uint8Array[]): Uint8Array {
  const serial = (i: number): Uint8Array => Uint8Array.of(0x40, i >>> 16, (i >>> 8) & 0xff, i & 0xff);
  const about = extensions.length === 0 ? {} : { reason: 1, extensions };
  return makeList({
    issuer: root,
    revoked: Array.from({ length: 100_000 }, (_, i) => ({ serial: serial(i), ...about })),
  });
}

/** What happens once, with the first certificate that is looked up. */
const readingEntries = (bytes: Uint8Array) => (): string => `${readCertificateList(bytes).revocations.size} entries`;

/** All of them, the certificates made already. */
export function hostileInputs(): readonly Hostile[] {
  const list = hugeList();
  const explained = hugeList(extension('2.5.29.24', derTime(new Date())), extension('1.2.3.4', derTime(new Date())));
  const revocation = new RevocationLists([readCertificateList(list)]);
  const fine = [leafOf(root)];
  judging(fine, { revocation })(); // the first look reads the entries
  const deep = deepDer(10_000);
  const deepInside = leafOf(root, [extension('1.2.3', deep), extension('subjectAltName', deep)]);
  const long: Issuer[] = [];
  for (let i = 0; i < 20; i++) long.push(issuerOf(`authority ${i}`, testKey('p256', 300 + i), long[i - 1] ?? root));
  return [
    { name: 'crossed authorities, 2^5 paths to a stranger', run: judging(crossed()) },
    { name: '99 authorities of one name in a ring', run: judging(ring(99)) },
    {
      name: 'a path of 20 authorities',
      run: judging([leafOf(long[19]!), ...long.map(({ certificate }) => certificate)]),
    },
    { name: '33 certificates, 256 paths that all fail', run: judging(unfit()) },
    { name: '10,000 name constraints, 1,000 names', run: judging(constrained(10_000, 1000)) },
    { name: '500 name constraints, 499 names: as many comparisons as are made', run: judging(constrained(500, 499)) },
    { name: 'DER nested 10,000 deep in two extensions', run: judging([deepInside]) },
    {
      name: 'DER nested 10,000 deep as a certificate',
      run() {
        try {
          readCertificate(deep);
        } catch (error) {
          if (error instanceof DerError) return 'DerError';
          throw error;
        }
        return 'a certificate';
      },
    },
    { name: 'a CRL of 100,000 entries, read before', run: judging(fine, { revocation }) },
    { name: 'the entries of a CRL of 100,000, read once', run: readingEntries(list) },
    { name: 'the same with three extensions in each entry', run: readingEntries(explained) },
  ];
}

/** A client's certificate, an authority between, and the root: what most clients have. */
export const usualChain = (): { chain: readonly Certificate[]; root: Certificate } => {
  const uses = extension('keyUsage', values.keyUsage('keyCertSign', 'cRLSign'), true);
  const above = issuerOf('intermediate', testKey('p256', 4), root, [uses]);
  const leaf = leafOf(above, [
    extension('keyUsage', values.keyUsage('digitalSignature'), true),
    extension('extKeyUsage', values.oids('1.3.6.1.5.5.7.3.2')),
    extension('subjectAltName', values.names('dns:client.example.com')),
  ]);
  return { chain: [leaf, above.certificate], root: root.certificate };
};

/** Verifies that chain, read anew. */
export const judgeUsual = ({ chain }: { readonly chain: readonly Certificate[] }): (() => string) => judging(chain);
