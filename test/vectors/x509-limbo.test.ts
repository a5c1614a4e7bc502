import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { verificationCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { readCertificateList } from '../../src/x509/certificate-list.ts';
import { DerError } from '../../src/x509/der.ts';
import { matchesHost } from '../../src/x509/host-name.ts';
import { certificatesOfPem, decodePem } from '../../src/x509/pem.ts';
import { defaultLimits } from '../../src/x509/verification/limits.ts';
import { RevocationLists } from '../../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../../src/x509/verification/trust-store.ts';
import { type Verdict, verify } from '../../src/x509/verification/verify.ts';

// A part of the test cases of C2SP/x509-limbo (Apache License 2.0), unchanged: paths to be accepted or refused.

interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822';
  readonly value: string;
}

interface Case {
  readonly id: string;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: PeerName | null;
  readonly expected_peer_names: readonly PeerName[];
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[];
}

/** Cases that end otherwise than x509-limbo has it, and why. */
const differing: Readonly<Record<string, string>> = {
  'webpki::cn::ipv4-leading-zeros-mismatch': 'the CA/Browser Forum has rules for the CN; no RFC has, and we ignore it',
  'webpki::cn::ipv6-uncompressed-mismatch': 'the same',
  'webpki::cn::not-in-san': 'the same',
  'webpki::eku::root-has-eku': 'the CA/Browser Forum alone forbids it; the purpose is checked, and is the right one',
  'webpki::san::public-suffix-multi-label-wildcard-san': 'would need the public suffix list',
  'webpki::san::san-critical-with-nonempty-subject': 'RFC 5280 section 4.2.1.6 has a SHOULD for it',
  'webpki::forbidden-rsa-not-divisible-by-8-in-root': 'the CA/Browser Forum alone forbids it; the key is strong enough',
  'webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf': 'the same',
  'webpki::v1-cert': 'RFC 5280 section 4.1.2.1 wants version 3 only where there are extensions; here are none',
  'webpki::ee-basicconstraints-ca': "an authority's certificate may be an end entity's too, as its keyUsage allows",
};

/** Cases whose trust anchor is not self-signed, which as in OpenSSL has to be allowed. */
const trustingIntermediates: ReadonlySet<string> = new Set(['rfc5280::root-and-intermediate-swapped']);

const one = (pem: string): Certificate => readCertificate(certificatesOfPem(pem)[0]!);

function bears(certificate: Certificate, { kind, value }: PeerName): boolean {
  return kind === 'RFC822'
    ? certificate.subjectAltName.some((name) => name.type === 'email' && name.value === value)
    : matchesHost(certificate, value);
}

/** Why a case's path is refused; `undefined` where it is accepted. */
function refusalOf(test: Case): string | undefined {
  let verdict: Verdict;
  let leaf: Certificate;
  try {
    leaf = one(test.peer_certificate);
    verdict = verify([leaf, ...test.untrusted_intermediates.map(one)], {
      trust: new TrustStore(test.trusted_certs.map(one)),
      crypto: verificationCrypto,
      time: test.validation_time === null ? new Date() : new Date(test.validation_time),
      purpose: test.validation_kind === 'SERVER' ? 'sslserver' : 'sslclient',
      strict: true,
      partialChain: trustingIntermediates.has(test.id),
      securityLevel: 2, // the smallest keys that are still common
      limits: { depth: test.max_chain_depth ?? defaultLimits.depth },
      ...(test.crls.length > 0 && {
        revocation: new RevocationLists(test.crls.map((pem) => readCertificateList(decodePem(pem)[0]!.der))),
      }),
    });
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
  if (!verdict.authorized) return `${verdict.failure.error}: ${verdict.failure.reason}`;
  const names = test.expected_peer_name ? [test.expected_peer_name] : test.expected_peer_names;
  const missing = names.find((name) => !bears(leaf, name));
  return missing && `it is not for ${missing.value}`;
}

describe('x509-limbo', () => {
  let cases: readonly Case[];
  before(() => {
    const file = new URL('../../../test/vectors/x509-limbo.json.gz', import.meta.url);
    cases = (JSON.parse(gunzipSync(readFileSync(file)).toString()) as { testcases: Case[] }).testcases;
  });

  it('ends as it should, but for the cases that are explained', () => {
    assert.equal(cases.length, 96);
    const wrong = cases.flatMap((test) => {
      const refusal = refusalOf(test);
      const asExpected = (refusal === undefined) === (test.expected_result === 'SUCCESS');
      return asExpected === (differing[test.id] === undefined) ? [] : [`${test.id}: ${refusal ?? 'accepted'}`];
    });
    assert.deepEqual(wrong, []);
  });

  it('explains no case that is not there', () => {
    const ids = new Set(cases.map(({ id }) => id));
    assert.deepEqual(
      Object.keys(differing).filter((id) => !ids.has(id)),
      [],
    );
  });
});
