import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../src/x509/certificate.ts';
import type { KeyUsage } from '../../src/x509/certificate-extensions.ts';
import { DerError } from '../../src/x509/der.ts';
import { der } from '../../src/x509/der-writer.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import {
  extension,
  type KeyKind,
  type ListSpecification,
  makeCertificate,
  makeList,
  testKey,
  testName,
  values,
} from './certificate-maker.ts';

import { type Draft, day, type ListDraft, type Made, type Plan, Random } from './path-plans.ts';
import { twists } from './path-twists.ts';

// Clients' certificates at random, right ones and wrong ones, for two judges to judge.

/** What two judges are shown. */
export interface Scenario {
  readonly key: KeyObject;
  readonly chain: readonly Certificate[];
  readonly trusted: readonly Certificate[];
  readonly crl: readonly Uint8Array[] | undefined;
  /** What is peculiar about it. */
  readonly notes: readonly string[];
}

const keyKinds: readonly KeyKind[] = ['p256', 'p256', 'p256', 'p384', 'ed25519', 'rsa', 'rsa-pss', 'ed448', 'p521'];

function draftOf(random: Random, level: number, last: number): Draft {
  const isLeaf = level === last;
  const uses: KeyUsage[] = isLeaf ? ['digitalSignature'] : ['keyCertSign', 'cRLSign'];
  const extensions = new Map<string, { value: Uint8Array; critical: boolean } | undefined>([
    ['basicConstraints', isLeaf ? undefined : { value: values.basicConstraints(true), critical: true }],
    ['keyUsage', random.chance(15) ? undefined : { value: values.keyUsage(...uses), critical: true }],
  ]);
  if (isLeaf) {
    if (random.chance(70))
      extensions.set('extKeyUsage', { value: values.oids(PurposeOid.clientAuth), critical: false });
    const names = ['dns:client.example.com', 'email:me@example.com', 'ip:192.0.2.7', 'uri:https://id.example.com/me'];
    extensions.set('subjectAltName', {
      value: values.names(...names.filter(() => random.chance(60)), 'dns:a.example.com'),
      critical: false,
    });
  }
  return {
    subject: testName({ O: 'tsls', CN: isLeaf ? 'client' : `authority ${level}` }),
    key: random.pick(keyKinds),
    keyNumber: level,
    signature: random.chance(20) ? random.pick(['sha384', 'sha512', 'pss'] as const) : undefined,
    signedBy: undefined,
    version: 3,
    start: -day,
    end: day,
    extensions,
    keyIdentifiers: { own: random.chance(80), issuer: random.chance(80) ? 'right' : 'none' },
  };
}

/** A client's certificates at random; `undefined` where what was made can be read by nobody. */
export function makeScenario(seed: number): Scenario | undefined {
  const random = new Random(seed);
  const last = 1 + random.below(4);
  const plan: Plan = {
    drafts: Array.from({ length: last + 1 }, (_, level) => draftOf(random, level, last)),
    lists: undefined,
    afterwards: [],
  };
  const count = random.pick([0, 1, 1, 1, 2, 2, 3]);
  const notes = Array.from({ length: count }, () => random.pick(twists)(plan, random)).filter(
    (note) => note !== undefined,
  );
  try {
    return { ...make(plan), notes };
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function make(plan: Plan): Omit<Scenario, 'notes'> {
  const keys = plan.drafts.map((draft) => testKey(draft.key, draft.keyNumber));
  const certificates: Certificate[] = [];
  for (const [level, draft] of plan.drafts.entries()) {
    const parent = certificates[level - 1];
    certificates.push(
      makeCertificate({
        subject: draft.subject,
        key: keys[level]!,
        ...(parent
          ? { issuer: { certificate: parent, key: draft.signedBy ?? keys[level - 1]! } }
          : draft.signedBy && { issuer: { certificate: selfNamed(draft.subject), key: draft.signedBy } }),
        ...(draft.signature && { signature: draft.signature }),
        version: draft.version,
        notBefore: new Date(Date.now() + draft.start),
        notAfter: new Date(Date.now() + draft.end),
        extensions: extensionsOf(draft, level, plan),
      }),
    );
  }
  const made: Made = { certificates, chain: certificates.slice(1).reverse(), trusted: [certificates[0]!], keys };
  for (const change of plan.afterwards) change(made);
  const crl = plan.lists?.flatMap((list, level) => (list.missing ? [] : [makeList(listOf(list, level, made))]));
  return { key: keys[keys.length - 1]!, chain: made.chain, trusted: made.trusted, crl: crl?.length ? crl : undefined };
}

/** Something that has the subject which an issuer needs. */
const selfNamed = (subject: Uint8Array): Certificate => makeCertificate({ subject, key: testKey('p256', 97) });

const keyIdOf = (draft: Draft): Uint8Array => Uint8Array.of(7, draft.key.length, draft.keyNumber);

function extensionsOf(draft: Draft, level: number, plan: Plan): Uint8Array[] {
  const all = [...draft.extensions].flatMap(([name, entry]) =>
    entry ? [extension(name, entry.value, entry.critical)] : [],
  );
  if (draft.keyIdentifiers.own) {
    all.push(extension('subjectKeyIdentifier', der(0x04, keyIdOf(draft))));
  }
  if (draft.keyIdentifiers.issuer !== 'none') {
    const right = keyIdOf(plan.drafts[Math.max(0, level - 1)]!);
    const id = draft.keyIdentifiers.issuer === 'right' ? right : Uint8Array.of(1, 2, 3);
    all.push(extension('authorityKeyIdentifier', values.authorityKeyId(id)));
  }
  return all;
}

function listOf(list: ListDraft, level: number, made: Made): ListSpecification {
  const below = made.certificates[level + 1]!;
  const reason = list.reasons.get('below');
  return {
    issuer: { certificate: made.certificates[level]!, key: list.signedBy ?? made.keys[level]! },
    thisUpdate: new Date(Date.now() + list.start),
    nextUpdate: new Date(Date.now() + list.end),
    revoked: list.revokesBelow
      ? [{ serial: below.serial, extensions: list.entryExtensions, ...(reason !== undefined && { reason }) }]
      : [],
    extensions: list.extensions,
  };
}
