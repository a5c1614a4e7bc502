import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import * as channels from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../../src/x509/certificate.ts';
import { derInteger, derOid, derSequence } from '../../src/x509/der-writer.ts';
import { AccessMethodOid, PurposeOid } from '../../src/x509/oids.ts';
import { extension, generalName, makeCertificate, pemOf, testKey, testName, values } from './certificate-maker.ts';

// An authority with servers and OCSP responders: those of openssl, and others that answer whatever a test wants.

export interface Holder {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const authorityOf = (name: string, number: number): Holder => {
  const key = testKey('p256', number);
  const extensions = [extension('basicConstraints', values.basicConstraints(true), true)];
  return { key, certificate: makeCertificate({ key, subject: testName({ CN: name }), extensions }) };
};

export const authority: Holder = authorityOf('OCSP authority', 50);
export const otherAuthority: Holder = authorityOf('another authority', 51);

const signsOcsp = [extension('extKeyUsage', values.oids(PurposeOid.ocspSigning))];
const responderOf = (name: string, number: number, issuer: Holder): Holder => {
  const key = testKey('p256', number);
  return { key, certificate: makeCertificate({ key, subject: testName({ CN: name }), issuer, extensions: signsOcsp }) };
};
/** Named by the authority to speak for it, and by another one. */
export const delegate: Holder = responderOf('delegate', 52, authority);
export const impostor: Holder = responderOf('impostor', 53, otherAuthority);

export interface Site extends Holder {
  /** What createServer takes. */
  readonly options: { readonly key: string; readonly cert: string };
}

let lastNumber = 60;

/** A server's certificate that names responders. */
export function makeSite(responders: readonly string[], serial = ++lastNumber, mustStaple = false): Site {
  const key = testKey('p256', 54);
  const access = responders.map((url) => derSequence(derOid(AccessMethodOid.ocsp), generalName(`uri:${url}`)));
  const certificate = makeCertificate({
    key,
    serial,
    subject: testName({ CN: `site ${serial}` }),
    issuer: authority,
    extensions: [
      extension('subjectAltName', values.names('dns:localhost')),
      ...(access.length > 0 ? [extension('authorityInfoAccess', derSequence(...access))] : []),
      ...(mustStaple ? [extension('tlsFeature', derSequence(derInteger(5)))] : []),
    ],
  });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key, certificate, options: { key: pem, cert: pemOf(certificate) + pemOf(authority.certificate) } };
}

export const hasOpenssl: boolean = spawnSync('openssl', ['version']).status === 0;

export interface Responder extends AsyncDisposable {
  readonly url: string;
}

/** Serial numbers by what openssl's responder says of them; of all others it knows nothing. */
export const serials = { good: 0x1001, revoked: 0x1002, unknown: 0x1003 } as const;

/** Runs openssl's responder on a free port. */
export async function runOpensslResponder(signer: Holder = authority): Promise<Responder> {
  const place = mkdtempSync(join(tmpdir(), 'tsls-'));
  const file = (name: string, content: string): string => {
    writeFileSync(join(place, name), content);
    return join(place, name);
  };
  const index = `V\t991231235959Z\t\t${serials.good.toString(16)}\tunknown\t/CN=good\n`.concat(
    `R\t991231235959Z\t260101000000Z,keyCompromise\t${serials.revoked.toString(16)}\tunknown\t/CN=revoked\n`,
  );
  const args = ['ocsp', '-port', '0', '-nmin', '10', '-index', file('index.txt', index)];
  args.push('-CA', file('ca.pem', pemOf(authority.certificate)), '-rsigner', file('r.pem', pemOf(signer.certificate)));
  args.push('-rkey', file('r.key', signer.key.export({ type: 'pkcs8', format: 'pem' }) as string));
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await portOf(child);
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(place, { recursive: true });
    },
  };
}

/** What it says on standard output or error: `ACCEPT 0.0.0.0:40123 PID=…`. */
async function portOf(child: ChildProcess): Promise<number> {
  let said = '';
  return await new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += String(chunk);
      const port = /ACCEPT \S*:(\d+)/.exec(said)?.[1];
      if (port) resolve(Number(port));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`openssl ocsp ended: ${said}`)));
  });
}

export interface FakeResponder extends Responder {
  /** What it answers from now on. */
  handler: http.RequestListener;
  /** How often it was asked. */
  asked: number;
}

/** A responder that answers by `handler`. */
export async function fakeResponder(handler: http.RequestListener): Promise<FakeResponder> {
  const server = http.createServer((request, response) => {
    responder.asked++;
    responder.handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const responder: FakeResponder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    handler,
    asked: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return responder;
}

/** Answers a request with bytes. */
export const answering =
  (bytes: () => Uint8Array): http.RequestListener =>
  (request, response) => {
    request.resume().on('end', () => response.end(bytes()));
  };

/** The next message about a certificate on a channel of `tsls:ocsp:`. */
export function nextReport<T extends { readonly certificate: Uint8Array }>(
  name: 'update' | 'error' | 'missing',
  { certificate }: Holder,
): Promise<T> {
  return new Promise((resolve) => {
    const channel = channels.channel(`tsls:ocsp:${name}`);
    const hear = (message: unknown): void => {
      if (Buffer.compare((message as T).certificate, certificate.der) !== 0) return;
      channel.unsubscribe(hear);
      resolve(message as T);
    };
    channel.subscribe(hear);
  });
}
