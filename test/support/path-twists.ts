import type { Certificate } from '../../src/x509/certificate.ts';
import { contextTag } from '../../src/x509/der.ts';
import { der, derBitString, derInteger, derNull, derSequence } from '../../src/x509/der-writer.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import { changed, extension, makeCertificate, testKey, testName, values } from './certificate-maker.ts';

import { type Draft, day, type Plan, type Random } from './path-plans.ts';

/** Changes a plan, mostly for the worse, and says how; `undefined` where it does not suit. */
export type Twist = (plan: Plan, random: Random) => string | undefined;

const any = (plan: Plan, random: Random): number => random.below(plan.drafts.length);
const authority = (plan: Plan, random: Random): number => random.below(plan.drafts.length - 1);
const leafOf = (plan: Plan): Draft => plan.drafts[plan.drafts.length - 1]!;

const set = (draft: Draft, name: string, value: Uint8Array, critical = false): void => {
  draft.extensions.set(name, { value, critical });
};

const expired: Twist = (plan, random) => {
  const at = any(plan, random);
  const draft = plan.drafts[at]!;
  [draft.start, draft.end] = random.chance(50) ? [-3 * day, -day] : [day, 3 * day];
  return `certificate ${at} valid ${draft.start < 0 ? 'before' : 'later'}`;
};
const wrongSigner: Twist = (plan, random) => {
  const at = any(plan, random);
  plan.drafts[at]!.signedBy = testKey(at === 0 ? 'p256' : plan.drafts[at - 1]!.key, 99);
  return `certificate ${at} signed with another key`;
};
const noAuthority: Twist = (plan, random) => {
  const at = authority(plan, random);
  if (random.chance(50)) plan.drafts[at]!.extensions.set('basicConstraints', undefined);
  else set(plan.drafts[at]!, 'basicConstraints', values.basicConstraints(false), true);
  return `certificate ${at} is no authority`;
};
const pathLength: Twist = (plan, random) => {
  const at = authority(plan, random);
  const length = random.below(3);
  set(plan.drafts[at]!, 'basicConstraints', values.basicConstraints(true, length), true);
  return `certificate ${at} has path length ${length}`;
};
const keyUsage: Twist = (plan, random) => {
  const at = any(plan, random);
  const uses = random.pick([['cRLSign'], ['keyCertSign'], ['keyAgreement'], ['keyEncipherment']] as const);
  set(plan.drafts[at]!, 'keyUsage', values.keyUsage(...uses), true);
  return `certificate ${at} has key usage ${uses}`;
};
const extKeyUsage: Twist = (plan, random) => {
  const at = any(plan, random);
  const lists = [[PurposeOid.serverAuth], [PurposeOid.any], [PurposeOid.clientAuth, PurposeOid.serverAuth], ['1.2.3']];
  const oids = random.pick(lists);
  set(plan.drafts[at]!, 'extKeyUsage', values.oids(...oids), random.chance(30));
  return `certificate ${at} has purposes ${oids}`;
};
const critical: Twist = (plan, random) => {
  const at = any(plan, random);
  const isCritical = random.chance(70);
  set(plan.drafts[at]!, '1.2.3.4.5', derNull(), isCritical);
  return `certificate ${at} has an unknown extension, ${isCritical ? '' : 'not '}critical`;
};
const constrained: Twist = (plan, random) => {
  const at = authority(plan, random);
  const trees = ['dns:example.com', 'dns:example.org', 'dns:.example.com', 'dns:a.example.com', 'email:example.com'];
  trees.push('email:me@example.com', 'email:.com', 'email:example.org', 'ip:192.0.2.0/255.255.255.0', 'CN:tsls');
  trees.push('ip:198.51.100.0/255.255.255.0', 'uri:id.example.com', 'uri:.example.com', 'uri:example.org', 'dns:');
  const some = Array.from({ length: 1 + random.below(3) }, () => random.pick(trees));
  const lists: [string[], string[]] = random.chance(50) ? [some, []] : [[], some];
  if (random.chance(30)) lists[lists[0].length ? 1 : 0] = [random.pick(trees)];
  set(plan.drafts[at]!, 'nameConstraints', values.nameConstraints(...lists), random.chance(70));
  return `certificate ${at} permits ${lists[0]} and excludes ${lists[1]}`;
};
const weak: Twist = (plan, random) => {
  const at = any(plan, random);
  if (random.chance(50)) {
    const draft = plan.drafts[Math.max(0, at - 1)]!;
    if (draft.key.startsWith('ed')) draft.key = 'p256';
    if (draft.key === 'rsa-pss') draft.key = 'rsa';
    plan.drafts[at]!.signature = 'sha1';
    return `certificate ${at} signed with SHA-1`;
  }
  plan.drafts[at]!.key = 'rsa1024';
  return `certificate ${at} has 1024 bits`;
};
const identifiers: Twist = (plan, random) => {
  const at = any(plan, random);
  plan.drafts[at]!.keyIdentifiers.issuer = 'wrong';
  return `certificate ${at} names another key of its issuer`;
};
const version1: Twist = (plan, random) => {
  const at = any(plan, random);
  Object.assign(plan.drafts[at]!, {
    version: 1,
    extensions: new Map(),
    keyIdentifiers: { own: false, issuer: 'none' },
  });
  return `certificate ${at} of version 1`;
};
const selfIssued: Twist = (plan, random) => {
  const at = any(plan, random);
  if (at === 0) return undefined;
  plan.drafts[at]!.subject = plan.drafts[at - 1]!.subject;
  return `certificate ${at} self-issued`;
};
const noSubject: Twist = (plan) => {
  leafOf(plan).subject = derSequence();
  return 'no subject';
};
const mailInSubject: Twist = (plan) => {
  leafOf(plan).subject = testName({ CN: 'me.example.org', emailAddress: 'me@example.org' });
  if (leafOf(plan).extensions.size > 0) leafOf(plan).extensions.set('subjectAltName', undefined);
  return 'a mail address and a host in the subject';
};
const netscape: Twist = (plan, random) => {
  const bits = random.pick([0x80, 0x40, 0x20]);
  set(leafOf(plan), 'netscapeCertType', derBitString(Uint8Array.of(bits), 5));
  return `Netscape type ${bits}`;
};
const malformed: Twist = (plan, random) => {
  const at = any(plan, random);
  const name = random.pick([
    'basicConstraints',
    'keyUsage',
    'extKeyUsage',
    'subjectAltName',
    'nameConstraints',
  ] as const);
  set(plan.drafts[at]!, name, Uint8Array.of(0x30, 0x05, 0x01));
  return `certificate ${at} has a malformed ${name}`;
};
const tlsFeature: Twist = (plan, random) => {
  const at = any(plan, random);
  set(plan.drafts[at]!, 'tlsFeature', derSequence(derInteger(5)), random.chance(50));
  return `certificate ${at} with a TLS feature`;
};

const withoutOne: Twist = (plan, random) => {
  plan.afterwards.push((made) => {
    if (made.chain.length > 1) made.chain.splice(1 + random.below(made.chain.length - 1), 1);
  });
  return 'an intermediate is missing';
};
const untrusted: Twist = (plan) => {
  plan.afterwards.push((made) => {
    made.trusted = [unrelatedRoot()];
  });
  return 'another root is trusted';
};
const withRoot: Twist = (plan) => {
  plan.afterwards.push((made) => {
    made.chain.push(made.certificates[0]!);
  });
  return 'with the root';
};
const shuffled: Twist = (plan, random) => {
  plan.afterwards.push((made) => {
    const [first, ...rest] = made.chain;
    made.chain = [first!, ...rest.sort(() => random.below(3) - 1)];
  });
  return 'shuffled';
};
const superfluous: Twist = (plan, random) => {
  plan.afterwards.push((made) => {
    const more = [unrelatedRoot(), made.chain[random.below(made.chain.length)]!];
    made.chain.splice(1 + random.below(made.chain.length), 0, ...more);
  });
  return 'superfluous certificates';
};
const trustedIntermediate: Twist = (plan, random) => {
  plan.afterwards.push((made) => {
    const middle = made.certificates.slice(1, -1);
    if (middle.length === 0) return;
    made.trusted = random.chance(50) ? [...made.trusted, random.pick(middle)] : [unrelatedRoot(), random.pick(middle)];
  });
  return 'an intermediate is trusted';
};
const flippedByte: Twist = (plan, random) => {
  plan.afterwards.push((made) => {
    const at = random.below(made.chain.length);
    const flip = 1 << random.below(8);
    const place = random.below(made.chain[at]!.der.length);
    made.chain[at] = changed(made.chain[at]!, (bytes) => {
      bytes[place]! ^= flip;
    });
  });
  return 'a bit is flipped';
};
const renewed: Twist = (plan, random) => {
  // The same authority once more, expired or signed by an unknown root, in front of the right one.
  plan.afterwards.push((made) => {
    const at = 1 + random.below(made.certificates.length - 1);
    if (at === made.certificates.length - 1) return;
    const old = made.certificates[at]!;
    const other = random.chance(50);
    const twin = makeCertificate({
      subject: old.subject.der,
      key: made.keys[at]!,
      issuer: other
        ? { certificate: unrelatedRoot(), key: testKey('p256', 77) }
        : { certificate: made.certificates[at - 1]!, key: made.keys[at - 1]! },
      notBefore: new Date(Date.now() - 3 * day),
      notAfter: new Date(Date.now() + (other ? day : -day)),
      extensions: [extension('basicConstraints', values.basicConstraints(true), true)],
    });
    made.chain.splice(1, 0, twin);
  });
  return 'an authority with two certificates';
};

let unrelated: Certificate | undefined;
function unrelatedRoot(): Certificate {
  unrelated ??= makeCertificate({
    subject: testName({ CN: 'unrelated' }),
    key: testKey('p256', 77),
    extensions: [extension('basicConstraints', values.basicConstraints(true), true)],
  });
  return unrelated;
}

const lists: Twist = (plan, random) => {
  plan.lists ??= plan.drafts.slice(1).map(() => ({
    missing: false,
    reasons: new Map(),
    revokesBelow: false,
    start: -day,
    end: day,
    extensions: [],
    entryExtensions: [],
    signedBy: undefined,
  }));
  const at = random.below(plan.lists.length);
  const list = plan.lists[at]!;
  list.extensions = []; // none twice
  const point = (tag: number): Uint8Array => derSequence(der(contextTag(tag, false), Uint8Array.of(0xff)));
  const idp = (tag: number) => list.extensions.push(extension('issuingDistributionPoint', point(tag), true));
  switch (random.below(13)) {
    case 0:
      list.missing = true;
      return `no CRL of ${at}`;
    case 1:
      list.revokesBelow = true;
      return `${at + 1} is revoked`;
    case 2:
      list.revokesBelow = true;
      list.reasons.set('below', random.pick([1, 6, 8]));
      return `${at + 1} is revoked for reason ${list.reasons.get('below')}`;
    case 3:
      list.end = -day / 2;
      return `the CRL of ${at} has expired`;
    case 4:
      list.start = day / 2;
      return `the CRL of ${at} is of tomorrow`;
    case 5:
      list.signedBy = testKey(plan.drafts[at]!.key, 98);
      return `the CRL of ${at} is signed by somebody`;
    case 6:
      list.extensions.push(extension('1.2.3.4.6', derNull(), true));
      return `the CRL of ${at} has an unknown critical extension`;
    case 7:
      list.revokesBelow = true;
      list.entryExtensions = [extension('1.2.3.4.6', derNull(), true)];
      return `the CRL of ${at} has an entry with an unknown critical extension`;
    case 8:
      idp(4);
      return `the CRL of ${at} is indirect`;
    case 9:
      idp(random.pick([1, 2, 5]));
      return `the CRL of ${at} has a narrow scope`;
    case 10:
      set(plan.drafts[at]!, 'keyUsage', values.keyUsage('keyCertSign'), true);
      return `${at} may not sign CRLs`;
    case 11:
      list.extensions.push(extension('authorityKeyIdentifier', values.authorityKeyId(Uint8Array.of(1, 2, 3))));
      return `the CRL of ${at} names another key`;
    default:
      return 'CRLs';
  }
};

/** All of them; those that come twice are chosen more often. */
export const twists: readonly Twist[] = [
  expired,
  wrongSigner,
  noAuthority,
  pathLength,
  keyUsage,
  extKeyUsage,
  critical,
  constrained,
  constrained,
  weak,
  identifiers,
  version1,
  selfIssued,
  noSubject,
  mailInSubject,
  netscape,
  malformed,
  tlsFeature,
  withoutOne,
  untrusted,
  withRoot,
  shuffled,
  superfluous,
  trustedIntermediate,
  flippedByte,
  renewed,
  lists,
  lists,
  lists,
];
