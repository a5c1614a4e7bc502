import * as http from 'node:http';
import { nodeError } from './errors.ts';

/** How long a responder may take, in milliseconds, and how many bytes it may answer. */
export interface ResponderLimits {
  readonly timeout: number;
  readonly mostBytes: number;
}

/**
 * Posts an OCSPRequest to a responder over plain HTTP (RFC 6960 appendix A.1) and resolves with the body of its answer,
 * which nobody has looked at yet. Follows no redirects. Rejects with `ERR_TLS_OCSP_RESPONDER` for whatever goes wrong,
 * and when `signal` is aborted. Keeps no process alive.
 */
export function askResponder(
  url: string,
  request: Uint8Array,
  { timeout, mostBytes }: ResponderLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    if (protocol !== 'http:') throw responderError(url, `speaks ${protocol}, which is not what OCSP goes over`);
    const headers = { 'Content-Type': 'application/ocsp-request', 'Content-Length': request.length };
    const asked = http.request(url, { method: 'POST', agent: false, headers, signal });
    const fail = (what: string, cause?: unknown): void => {
      reject(responderError(url, what, cause));
      asked.destroy();
    };
    const timer = setTimeout(() => fail(`took longer than ${timeout} ms`), timeout).unref();
    asked.on('socket', (socket) => socket.unref());
    asked.on('error', (cause) => fail(cause.message, cause));
    asked.on('close', () => {
      clearTimeout(timer);
      fail('closed the connection');
    });
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('error', (cause) => fail(cause.message, cause));
      if (response.statusCode !== 200) return fail(`answers ${response.statusCode}`);
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > mostBytes) fail(`answers more than ${mostBytes} bytes`);
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    asked.end(request);
  });
}

/** What went wrong with a responder. */
export const responderError = (url: string, what: string, cause?: unknown): Error =>
  nodeError('ERR_TLS_OCSP_RESPONDER', `the OCSP responder ${url} ${what}`, Error, cause === undefined ? {} : { cause });
