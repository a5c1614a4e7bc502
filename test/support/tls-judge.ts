import { once } from 'node:events';
import * as tls from 'node:tls';
import { duplexPair } from './duplex-pair.ts';

/** What Node's own TLS server thinks of a client's certificates. */
export type Judgement =
  | { readonly authorized: true }
  /** `code` is `authorizationError`. */
  | { readonly authorized: false; readonly code: string };

/** A client and what it is judged by, all in PEM. */
export interface JudgedClient {
  readonly key: string;
  /** The end entity's certificate first. */
  readonly chain: readonly string[];
  readonly trusted: readonly string[];
  readonly crl?: readonly string[];
}

const serverKey = { key: '', cert: '' };

/** Gives the judge the identity of its server. */
export function useServerIdentity(identity: { readonly key: string; readonly cert: string }): void {
  Object.assign(serverKey, identity);
}

/**
 * Shows a client's certificates to a server of node:tls, in memory. `undefined` where the client's own TLS refuses
 * to send them, or the server's to read them.
 */
export async function judgeByNode(client: JudgedClient): Promise<Judgement | undefined> {
  const [far, near] = duplexPair();
  let clientSocket: tls.TLSSocket | undefined;
  let server: tls.TLSSocket | undefined;
  try {
    const secureContext = tls.createSecureContext({
      key: client.key,
      cert: client.chain.join(''),
      // A client sends what it has, however weak.
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server = new tls.TLSSocket(far, {
      isServer: true,
      ...serverKey,
      requestCert: true,
      rejectUnauthorized: false,
      ca: [...client.trusted],
      // One level for all versions of Node, whose defaults differ.
      ciphers: 'DEFAULT@SECLEVEL=1',
      ...(client.crl && { crl: [...client.crl] }),
    } as tls.TLSSocketOptions);
    clientSocket = tls.connect({ socket: near, rejectUnauthorized: false, secureContext });
    clientSocket.on('error', () => {});
    const failed = new Promise<never>((_, reject) => {
      server?.once('error', reject);
      clientSocket?.once('error', reject);
      server?.once('close', () => reject(new Error('closed')));
    });
    await Promise.race([once(server, 'secure'), failed]);
    const error = (
      server as unknown as { ssl: { verifyError(): (Error & { code?: string }) | null } }
    ).ssl.verifyError();
    return error === null ? { authorized: true } : { authorized: false, code: error.code ?? error.message };
  } catch {
    return undefined;
  } finally {
    server?.on('error', () => {}).destroy();
    clientSocket?.destroy();
    far.destroy();
    near.destroy();
  }
}
