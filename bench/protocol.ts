// What the benchmark's processes say to each other.
import type { ImplementationName } from '../test/interop/implementation.ts';

/** TLS as both ends are to speak it: one version, one suite, one group. */
export interface TlsChoice {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's name of the suite. */
  readonly suite: string;
  readonly group: string;
}

/**
 * `end` closes every connection as soon as its handshake is done; `serve` does what its first bytes ask for; `https` and
 * `http2` answer with as many bytes as the path says.
 */
export type ServerMode = 'end' | 'serve' | 'https' | 'http2';

/** The one argument of bench/server.ts, as JSON. */
export interface ServerSetup {
  readonly implementation: ImplementationName;
  readonly key: string;
  readonly cert: string;
  readonly tls: TlsChoice;
  readonly mode: ServerMode;
  /** Whether clients are given tickets, as many as by default; otherwise as few as can be. */
  readonly givesTickets: boolean;
}

export type ServerQuestion = { readonly ask: 'rss' };
export type ServerAnswer = { readonly port: number } | { readonly rss: number };

/** What the load generator is to do, on connections of its own. */
export type Work = {
  readonly port: number;
  readonly ca: string;
  readonly tls: TlsChoice;
} & (
  | {
      readonly kind: 'handshakes';
      readonly count: number;
      readonly atOnce: number;
      /** Whether each must go on with the session of a first one, which is made beforehand and not among them. */
      readonly resumes?: boolean | undefined;
      /** Whether it is the client that ends each connection. */
      readonly leaves?: boolean | undefined;
    }
  | { readonly kind: 'download' | 'upload' | 'get'; readonly mebibytes: number }
  | { readonly kind: 'ping'; readonly connections: number; readonly count: number }
  /** Connections that stay open until `release`, and are idle after 100 bytes there and back. */
  | { readonly kind: 'hold'; readonly connections: number }
  | { readonly kind: 'release' }
  /** Bursts of handshakes, while a connection is pinged. */
  | { readonly kind: 'burst'; readonly bursts: number; readonly atOnce: number }
  /** Requests for so many bytes each, on connections that are kept. */
  | { readonly kind: 'https' | 'http2'; readonly bytes: number; readonly seconds: number }
);

export interface Done {
  /** Wall-clock milliseconds of the work. */
  readonly milliseconds: number;
  /** Sessions (in TLS 1.3: tickets) received in the course of it. */
  readonly sessions: number;
  /** Requests that were answered. */
  readonly requests?: number;
  /** Milliseconds that pings took. */
  readonly latency?: { readonly median: number; readonly p99: number };
}

/** The first bytes of a connection to a `serve` server: what it is for, and how many bytes. */
export const request = (what: 'D' | 'U' | 'P', bytes: number): Buffer => {
  const head = Buffer.alloc(9, what, 'latin1');
  head.writeDoubleBE(bytes, 1);
  return head;
};
export const requestBytes = 9;
export const pingBytes = 100;
export const mebibyte = 1024 * 1024;
