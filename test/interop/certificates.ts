// A certificate authority and one leaf of each kind, made anew for every run by the openssl program, so that
// clients really verify a chain and a name.
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Credential, credentials, payloadBytes, serverName } from './model.ts';
import { must, which } from './process.ts';

const keyOptions: Readonly<Record<Credential, readonly string[]>> = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ed25519: ['-algorithm', 'ED25519'],
};

/** NSS wants a key usage that fits RSA, even where the key only signs. */
const extensions = (kind: Credential): string => `basicConstraints=CA:FALSE
keyUsage=digitalSignature${kind === 'rsa' ? ',keyEncipherment' : ''}
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:${serverName},IP:127.0.0.1
`;

/** Fills the folder with ca.pem, KIND.key, KIND.pem (leaf) and, where NSS' tools are, its database in nss/. */
export async function makeCertificates(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]) => must('openssl', args);
  await openssl('genpkey', ...keyOptions.p256, '-out', at('ca.key'));
  await openssl(
    ...['req', '-x509', '-new', '-key', at('ca.key'), '-subj', '/CN=tsls interop test CA', '-days', '30'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-sha256', '-out', at('ca.pem')],
  );
  for (const kind of credentials) {
    writeFileSync(at('leaf.ext'), extensions(kind));
    await openssl('genpkey', ...keyOptions[kind], '-out', at(`${kind}.key`));
    await openssl('req', '-new', '-key', at(`${kind}.key`), '-subj', `/CN=${serverName}`, '-out', at(`${kind}.csr`));
    await openssl(
      ...['x509', '-req', '-in', at(`${kind}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-days', '20'],
      ...['-sha256', '-CAcreateserial', '-extfile', at('leaf.ext'), '-out', at(`${kind}.pem`)],
    );
  }
  if (which('certutil')) {
    mkdirSync(at('nss'));
    await must('certutil', ['-N', '-d', `sql:${at('nss')}`, '--empty-password']);
    await must('certutil', ['-A', '-d', `sql:${at('nss')}`, '-n', 'ca', '-t', 'C,,', '-i', at('ca.pem')]);
  }
}

/** SHA-256 in base64 of a certificate's public key: how Chromium is told which one to trust. */
export function keyPin(pem: string | Buffer): string {
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

/** The same pseudo-random MiB on every run: as bytes, and as lines of text for clients that read lines. */
export function makePayload(): { bin: Buffer; txt: Buffer } {
  const blocks: Buffer[] = [];
  for (let i = 0; i < payloadBytes / 32; i++) blocks.push(createHash('sha256').update(`tsls interop ${i}`).digest());
  const bin = Buffer.concat(blocks);
  const lines = bin.toString('base64').replace(/.{1000}/g, '$&\n');
  return { bin, txt: Buffer.from(`${lines.slice(0, payloadBytes - 1)}\n`, 'latin1') };
}
