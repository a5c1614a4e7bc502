import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verificationCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { readCertificateList } from '../../src/x509/certificate-list.ts';
import { nameKey } from '../../src/x509/distinguished-name.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { RevocationLists } from '../../src/x509/verification/revocation-lists.ts';
import { TrustStore } from '../../src/x509/verification/trust-store.ts';
import { type Verdict, verify } from '../../src/x509/verification/verify.ts';
import { pemOf } from './certificate-maker.ts';
import type { Scenario } from './path-scenarios.ts';
import { judgeByNode } from './tls-judge.ts';

// Three judges of one client: ours, the server of node:tls, and the command of OpenSSL.

/** What we think; `strict` demands what `-x509_strict` does. */
export function judgeByUs({ chain, trusted, crl }: Scenario, strict = false): Verdict {
  return verify(chain as [(typeof chain)[0], ...typeof chain], {
    trust: new TrustStore(trusted),
    crypto: verificationCrypto,
    time: new Date(),
    strict,
    ...(crl && { revocation: new RevocationLists(crl.map(readCertificateList)) }),
  });
}

/** What the server of node:tls thinks; `undefined` where it cannot read the certificates. */
export const judgeByThem = (scenario: Scenario): ReturnType<typeof judgeByNode> =>
  judgeByNode({
    key: scenario.key.export({ type: 'pkcs8', format: 'pem' }) as string,
    chain: scenario.chain.map(pemOf),
    trusted: scenario.trusted.map(pemOf),
    ...(scenario.crl && { crl: scenario.crl.map((list) => encodePem('X509 CRL', list)) }),
  });

/** The scenario with nothing but a path that was found: OpenSSL never goes back from a certificate that leads nowhere. */
export const withPathAlone = (scenario: Scenario, path: readonly Certificate[]): Scenario => ({
  ...scenario,
  chain: path.slice(0, -1),
  trusted: path.slice(-1),
});

/**
 * Whether OpenSSL was led astray by an authority that has two keys under one name: it tries only the one that it
 * trusts. Then every signature of our path has to be right by itself.
 */
export function isRollover(code: string, path: readonly Certificate[]): boolean {
  const names = new Set(path.map(({ subject }) => nameKey(subject)));
  const read = path.map(({ der }) => new X509Certificate(der));
  const isSigned = read.slice(0, -1).every((below, i) => below.verify(read[i + 1]!.publicKey));
  return code === 'CERT_SIGNATURE_FAILURE' && names.size < path.length && isSigned;
}

/** `openssl verify`, in a folder of its own. */
export class OpenSslJudge {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tsls-chains-'));

  /** Its version, or `undefined` where it is not installed. */
  readonly version: string | undefined = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout?.trim();

  /** The error's number and words, or `undefined` where it accepts the client. */
  judge({ chain, trusted, crl }: Scenario): string | undefined {
    const file = (name: string, text: string): string => {
      const path = join(this.#folder, name);
      writeFileSync(path, text);
      return path;
    };
    const [leaf, ...others] = chain.map(pemOf);
    const lists = crl?.map((list) => encodePem('X509 CRL', list)).join('');
    const args = [
      ...['verify', '-purpose', 'sslclient', '-x509_strict', '-auth_level', '1', '-no-CApath', '-no-CAstore'],
      ...['-CAfile', file('trusted', trusted.map(pemOf).join(''))],
      ...(others.length > 0 ? ['-untrusted', file('untrusted', others.join(''))] : []),
      ...(lists === undefined ? [] : ['-crl_check_all', '-CRLfile', file('crl', lists)]),
      file('leaf', leaf!),
    ];
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status === 0) return undefined;
    return /error (\d+) at .*/.exec(stderr)?.[0] ?? stderr.slice(0, 200);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
