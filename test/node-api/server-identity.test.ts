import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import * as nodeTls from 'node:tls';
import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import * as tls from '../../src/index.ts';

type Cert = tls.IdentifiedCertificate;

/** Newer Nodes compare hosts as A-labels, as we do on every Node. */
const nodeKnowsUnicode =
  nodeTls.checkServerIdentity('bücher.example', {
    subjectaltname: 'DNS:xn--bcher-kva.example',
  } as nodeTls.PeerCertificate) === undefined;

/** Node 22.23 takes no IPv6 address for one. */
const nodeKnowsIpv6 =
  nodeTls.checkServerIdentity('::1', { subjectaltname: 'IP Address:::1' } as nodeTls.PeerCertificate) === undefined;

/** Node 22.23 takes a name of numbers for the IPv4 address that a browser would make of it. */
const nodeReadsNumbers = /^IP/.test(
  (nodeTls.checkServerIdentity('1.2.3', {} as nodeTls.PeerCertificate) as Error & { reason: string }).reason,
);

/** Hosts that Node sees with the same eyes, whatever its version: IPv4 addresses, and those that are their own A-labels. */
function isPlain(host: string): boolean {
  const bare = host.replace(/\.$/, '');
  if (isIP(bare) === 6) return nodeKnowsIpv6;
  if (isIP(bare) === 4) return true;
  if (nodeReadsNumbers && isIP(domainToASCII(bare)) === 4) return false;
  return nodeKnowsUnicode || domainToASCII(host) === host.toLowerCase();
}

function outcome(check: () => Error | undefined): object | undefined {
  try {
    const error = check() as (Error & Partial<tls.IdentityError>) | undefined;
    if (error === undefined) return undefined;
    const { name, message, code, reason, host, cert } = error;
    return { name, message, code, reason, host, cert };
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    return { thrown: { name, message, code } };
  }
}

/** What we say, which must be what Node says, as far as it sees straight. */
function assertAlike(host: string, cert: Cert): object | undefined {
  const ours = outcome(() => tls.checkServerIdentity(host, cert));
  if (!isPlain(host)) return ours;
  const theirs = outcome(() => nodeTls.checkServerIdentity(host, cert as nodeTls.PeerCertificate));
  assert.deepEqual(ours, theirs, `${host} ${JSON.stringify(cert)}`);
  return ours;
}

const label = fc.constantFrom(
  ...[
    'a',
    'b',
    'A',
    'www',
    '*',
    'w*',
    '*w',
    'w*w',
    '**',
    'xn--bcher-kva',
    'xn--*',
    '*xn--',
    '',
    ' ',
    'a b',
    '_x',
    'ab',
  ],
  ...['a\u0000b', '\u007f', '1', '256', 'wwww', 'W', '*.*', 'com'],
);
const hostName = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '.', '..'))
  .map(([labels, end]) => labels.join('.') + end);
const address = fc.constantFrom(
  ...['127.0.0.1', '127.0.0.01', '1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:1.2.3.4', '2001:DB8::1', '2001:db8:0:0::1'],
  ...['::', ':::', '1.2.3.4.', '::1.', '2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '1::2::3', '<invalid>', ''],
  ...['::1234', '::2', '::0.0.18.52', '::1:2', '::ffff:0:1', '::fffe:1:2', '::1:0:0', '0:0:0:0:1:0:1:2'],
);
const quoted = fc.oneof(hostName, fc.string()).map((text) => JSON.stringify(text));
const alternative = fc
  .tuple(
    fc.constantFrom('DNS:', 'DNS:', 'DNS:', 'IP Address:', 'URI:', 'email:', 'dns:', ''),
    fc.oneof(hostName, address, quoted, fc.string({ maxLength: 6 })),
  )
  .map(([type, value]) => type + value);
const certificate: fc.Arbitrary<Cert> = fc.record(
  {
    subject: fc.record({ CN: fc.oneof(hostName, address, fc.array(hostName, { maxLength: 3 })) }, { requiredKeys: [] }),
    subjectaltname: fc
      .tuple(fc.array(alternative, { maxLength: 4 }), fc.constantFrom(', ', ', ', ','))
      .map(([names, comma]) => names.join(comma)),
  },
  { requiredKeys: [] },
);
describe('checkServerIdentity', () => {
  it('says what Node says, of any host and certificate', () => {
    let accepted = 0;
    const runs = 30_000;
    const near = fc.constantFrom('none', 'same', 'wildcard');
    const property = fc.property(fc.oneof(hostName, address), certificate, near, (host, given, kin) => {
      fc.pre(isPlain(host));
      const name = kin === 'wildcard' ? host.replace(/^[^.]*/, '*') : host;
      const names = [given.subjectaltname, `DNS:${name}`, `IP Address:${name}`].filter(Boolean);
      const cert = kin === 'none' ? given : { ...given, subjectaltname: names.join(', ') };
      if (assertAlike(host, cert) === undefined) accepted++;
    });
    fc.assert(property, { numRuns: runs });
    assert.ok(accepted > runs / 200, `${accepted}`);
  });

  const dns = (...names: string[]): Cert => ({ subjectaltname: names.map((name) => `DNS:${name}`).join(', ') });
  const cases: readonly (readonly [host: string, cert: Cert, isFor: boolean])[] = [
    ['example.org', dns('example.org'), true],
    ['EXAMPLE.org.', dns('example.ORG'), true],
    ['example.org', dns('a.example', 'example.org.'), true],
    ['a.example.org', dns('*.example.org'), true],
    ['a.b.example.org', dns('*.example.org'), false],
    ['example.org', dns('*.org'), false],
    ['abc.example.org', dns('a*c.example.org'), true],
    ['ac.example.org', dns('a*ca.example.org'), false],
    ['a.example.org', dns('*.*.org'), false],
    ['xn--bcher-kva.example.org', dns('xn--*.example.org'), false],
    ['example.org', { subject: { CN: 'example.org' } }, true],
    ['example.org', { subject: { CN: ['a.example', 'example.org'] } }, true],
    ['example.org', { ...dns('a.example'), subject: { CN: 'example.org' } }, false],
    ['example.org', { subjectaltname: 'IP Address:192.0.2.1', subject: { CN: 'example.org' } }, true],
    ['192.0.2.1', { subjectaltname: 'IP Address:192.0.2.1' }, true],
    ['192.0.2.1', { subject: { CN: '192.0.2.1' } }, false],
    ['192.0.2.1', dns('192.0.2.1'), false],
    ['2001:db8::1', { subjectaltname: 'IP Address:2001:DB8:0:0:0:0:0:1' }, true],
    ['example.org', {}, false],
    ['example.org', { subject: {} }, false],
    ['evil.example', { subjectaltname: 'DNS:"good.example, DNS:evil.example"' }, false],
    ['good.example', { subjectaltname: 'DNS:"a\\u002c b", DNS:good.example' }, true],
  ];
  for (const [host, cert, isFor] of cases) {
    it(`${host}, ${JSON.stringify(cert)}: ${isFor ? 'yes' : 'no'}`, () => {
      assert.equal(assertAlike(host, cert) === undefined, isFor);
    });
  }

  it('compares names that are not ASCII as A-labels', () => {
    assert.equal(tls.checkServerIdentity('bücher.example', dns('xn--bcher-kva.example')), undefined);
    assert.equal(tls.checkServerIdentity('ｅxample.org', dns('example.org')), undefined);
    const error = tls.checkServerIdentity('bücher.example', dns('bücher.example'));
    assert.equal(error?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(error.host, 'bücher.example');
  });

  it('throws for quotes that are none', () => {
    for (const text of ['DNS:"a', 'DNS:"\\x"', 'DNS:"\u0001"', 'DNS:"\\u12"']) {
      assert.ok(assertAlike('a.example', { subjectaltname: text }), text);
      assert.throws(() => tls.checkServerIdentity('a.example', { subjectaltname: text }), {
        code: 'ERR_TLS_CERT_ALTNAME_FORMAT',
      });
    }
  });
});
