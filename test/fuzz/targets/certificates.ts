import { ocspCrypto, verificationCrypto } from '../../../src/crypto/node/certificate-signatures.ts';
import { passwordCrypto } from '../../../src/crypto/node/password-crypto.ts';
import { publicKey } from '../../../src/crypto/node/signing.ts';
import { nodeCertificate } from '../../../src/crypto/node/x509.ts';
import { ClientTrust } from '../../../src/node/client-trust.ts';
import { peerCertificate } from '../../../src/node/peer-certificates.ts';
import { TlsAlert } from '../../../src/wire/alert.ts';
import { normalizeBer } from '../../../src/x509/ber.ts';
import { type Certificate, readCertificate } from '../../../src/x509/certificate.ts';
import { readCertificateList } from '../../../src/x509/certificate-list.ts';
import { DerError, DerReader } from '../../../src/x509/der.ts';
import { matchesHost } from '../../../src/x509/host-name.ts';
import { readOcspResponse } from '../../../src/x509/ocsp.ts';
import { verifyOcspResponse } from '../../../src/x509/ocsp-verification.ts';
import type { PasswordCrypto } from '../../../src/x509/password-crypto.ts';
import { Pkcs12Error } from '../../../src/x509/password-encryption.ts';
import { certificatesOfPem, decodePem, encodePem, PemError } from '../../../src/x509/pem.ts';
import { readPkcs12 } from '../../../src/x509/pkcs12.ts';
import { signatureSchemeOf } from '../../../src/x509/signature-scheme.ts';
import { RevocationLists } from '../../../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../../../src/x509/verification/trust-store.ts';
import { type VerificationOptions, verify } from '../../../src/x509/verification/verify.ts';
import { extension, makeCertificate, makeList, testKey, testName, values } from '../../support/certificate-maker.ts';
import type { Random } from '../../support/path-plans.ts';
import { readCertificates, readFixtures } from '../corpus.ts';
import { parseDer } from '../structure.ts';
import { expect, type Target } from '../target.ts';

const expects = (error: unknown): boolean => error instanceof DerError;

/** A certificate with every extension that we know, and one of an authority with the rest. */
function richCertificates(): readonly Certificate[] {
  const root = {
    certificate: makeCertificate({
      subject: testName({ CN: 'root' }),
      key: testKey('p256', 1),
      extensions: [
        extension('basicConstraints', values.basicConstraints(true), true),
        extension('keyUsage', values.keyUsage('keyCertSign', 'cRLSign'), true),
        extension('nameConstraints', values.nameConstraints(['dns:example.com'], ['email:a.example']), true),
        extension('certificatePolicies', values.policies('1.2.3', '2.5.29.32.0')),
      ],
    }),
    key: testKey('p256', 1),
  };
  const names = values.names(
    'dns:a.example.com',
    'dns:*.example.com',
    'ip:192.0.2.7',
    'email:me@b.example',
    'uri:https://c.example/x',
  );
  const leaf = makeCertificate({
    subject: testName({ O: 'tsls', CN: 'client' }),
    key: testKey('p256', 2),
    issuer: root,
    extensions: [
      extension('subjectAltName', names),
      extension('keyUsage', values.keyUsage('digitalSignature'), true),
      extension('extKeyUsage', values.oids('1.3.6.1.5.5.7.3.2')),
      extension('authorityKeyIdentifier', values.authorityKeyId(Uint8Array.of(1))),
    ],
  });
  return [leaf, root.certificate];
}

const [leaf, root] = richCertificates() as readonly [Certificate, Certificate];
const issuer = { certificate: root, key: testKey('p256', 1) };
const certificates = [leaf.der, root.der, ...readCertificates()];
const lists = [
  makeList({ issuer, revoked: [{ serial: Uint8Array.of(1) }, { serial: Uint8Array.of(2) }] }),
  makeList({ issuer }),
];

/** Reads everything that is decoded on demand. Returns which of it there was. */
function readAll(certificate: Certificate): string {
  const names = [...allGetters(certificate)];
  const there = names.filter((name) => (certificate as unknown as Record<string, unknown>)[name] !== undefined);
  matchesHost(certificate, 'a.example.com');
  signatureSchemeOf(certificate);
  return `${certificate.malformed === undefined} ${there.join(' ')}`;
}

function* allGetters(value: object): Iterable<string> {
  for (let at: object | null = value; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(at))) if (get) yield name;
  }
}

/** Walks through DER, entering what looks constructed, to a depth. */
function walk(reader: DerReader, depth: number): number {
  let count = 0;
  while (!reader.done) {
    const element = reader.element();
    count++;
    if (depth > 0 && element.tag & 0x20) count += walk(reader.inside(element), depth - 1);
  }
  return count;
}

const believing = { verify: () => true };
const trust = new TrustStore([root]);
const revocation = new RevocationLists(lists.map(readCertificateList));

/** Judges a chain whose certificate at some place is the input, by real signatures and by none. */
function runPath(input: Uint8Array, random: Random): string {
  const changed = readCertificate(input);
  const chain: [Certificate, ...Certificate[]] = random.chance(50) ? [changed, root] : [leaf, changed, root];
  const options: VerificationOptions = {
    trust: random.chance(50) ? trust : new TrustStore([changed]),
    crypto: random.chance(10) ? verificationCrypto : believing,
    time: new Date(),
    strict: random.chance(50),
    partialChain: random.chance(20),
    ...(random.chance(30) && { revocation }),
  };
  const verdict = verify(chain, options);
  return verdict.authorized ? 'authorized' : verdict.failure.error;
}

const clientTrust = new ClientTrust({ ca: encodePem('CERTIFICATE', root.der) }, 1);

/** What an application hears of a client that it lets in whoever that is; whoever cannot be told of is refused before. */
function tellClient(input: Uint8Array, random: Random): string {
  const chain = random.chance(50) ? [input, root.der] : [leaf.der, input];
  if (publicKey(readCertificate(chain[0]!).publicKey.spki) === undefined) return 'a key that cannot sign';
  const verdict = clientTrust.verify(chain);
  const told = { chain, verdict };
  return `${verdict.code} ${Object.keys(peerCertificate(told, true))} ${nodeCertificate(chain[0]!).ca}`;
}

/** The real thing, but for how often a derivation is repeated: who writes the file may ask for ten million times. */
function hurriedCrypto(): PasswordCrypto {
  let left = 2100;
  const spend = (times: number): void => {
    left -= times;
    if (left < 0) throw new Pkcs12Error('enough');
  };
  return {
    ...passwordCrypto,
    hash(name, bytes) {
      spend(1);
      return passwordCrypto.hash(name, bytes);
    },
    pbkdf2(hash, password, salt, iterations, length) {
      spend(iterations);
      return passwordCrypto.pbkdf2(hash, password, salt, iterations, length);
    },
  };
}

const ocspIssuer = readCertificate(certificatesOfPem(readFixtures('ocsp', 'issuer.pem')[0]!)[0]!);
const ocspSubject = readCertificate(certificatesOfPem(readFixtures('ocsp', 'good.pem')[0]!)[0]!);
const pems = certificates.slice(0, 3).map((der) => new Uint8Array(Buffer.from(encodePem('CERTIFICATE', der))));

export const targets: readonly Target[] = [
  {
    name: 'der',
    what: 'DER',
    seeds: [...certificates, ...lists],
    parse: parseDer,
    expects,
    run: (input) => `${Math.min(50, walk(new DerReader(input), 20))}`,
  },
  {
    name: 'ber',
    what: 'BER',
    seeds: readFixtures('pkcs12', '.p12'),
    parse: parseDer,
    expects,
    run(input) {
      const normal = normalizeBer(input);
      expect(Buffer.compare(normalizeBer(normal), normal) === 0, 'what is DER is changed');
      return `${normal.length === input.length}`;
    },
  },
  {
    name: 'certificate',
    what: 'certificates, with all of their extensions',
    seeds: certificates,
    parse: parseDer,
    expects,
    run: (input) => readAll(readCertificate(input)),
    weight: 3,
  },
  {
    name: 'path',
    what: 'certificates in a path that is verified',
    seeds: [leaf.der, root.der],
    parse: parseDer,
    expects,
    run: runPath,
    weight: 2,
  },
  {
    name: 'client',
    what: "a client's certificates that the application is told of in Node's form",
    seeds: [leaf.der, root.der],
    parse: parseDer,
    // The first: the handshake ends at once.
    expects: (error) => error instanceof DerError || error instanceof TlsAlert,
    run: tellClient,
  },
  {
    name: 'crl',
    what: 'CRLs with their entries',
    seeds: lists,
    parse: parseDer,
    expects,
    run(input) {
      const list = readCertificateList(input);
      return `${list.version} ${Math.min(9, list.revocations.size)} ${list.unknownCritical} ${list.isDelta}`;
    },
    weight: 2,
  },
  {
    name: 'ocsp',
    what: 'OCSP responses',
    seeds: readFixtures('ocsp', '.der'),
    parse: parseDer,
    expects,
    run: (input) => readOcspResponse(input).status,
    weight: 2,
  },
  {
    name: 'ocsp-verdict',
    what: 'OCSP responses that are judged',
    seeds: readFixtures('ocsp', '.der'),
    parse: parseDer,
    run(input) {
      const options = {
        certificate: ocspSubject,
        issuer: ocspIssuer,
        crypto: ocspCrypto,
        time: new Date('2027-01-02'),
      };
      const verdict = verifyOcspResponse(input, options);
      return verdict.trusted ? 'trusted' : verdict.reason.replace(/\d+/g, 'n');
    },
  },
  {
    name: 'pfx',
    what: 'PKCS #12 files',
    few: 200,
    seeds: readFixtures('pkcs12', '.p12').filter(({ length }) => length < 5000),
    parse: parseDer,
    expects: (error) => error instanceof DerError || error instanceof Pkcs12Error,
    run(input, random) {
      const { key, chain, others } = readPkcs12(input, random.pick(['', 'test', undefined]), hurriedCrypto());
      return `${key !== undefined} ${chain.length} ${others.length}`;
    },
  },
  {
    name: 'pem',
    what: 'PEM',
    seeds: pems,
    expects: (error) => error instanceof PemError || error instanceof DerError,
    run: (input) => `${decodePem(input).length} ${certificatesOfPem(input).length}`,
    weight: 0.5,
  },
];
