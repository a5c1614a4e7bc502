// What is measured, row by row. Goals are in goals.ts.
import type { Credential } from '../test/interop/model.ts';
import type { GoalName } from './goals.ts';
import type { ServerMode, TlsChoice, Work } from './protocol.ts';

/** Where tsls has its cryptography from. */
export type Provider = 'openssl' | 'node';
export const providers: readonly Provider[] = ['openssl', 'node'];

const tls13: TlsChoice = { version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519' };
const tls12 = (suite: string): TlsChoice => ({ version: 'TLSv1.2', suite, group: 'X25519:P-256' });

type LoadOf<W> = W extends unknown ? Omit<W, 'port' | 'ca' | 'tls'> : never;
export type Load = LoadOf<Work>;

export interface Case {
  readonly name: string;
  readonly what: string;
  readonly credential: Credential;
  readonly tls: TlsChoice;
  readonly mode: ServerMode;
  readonly load: Load;
  /** CPU time of the server process per unit, memory per connection, requests per CPU-second, or a latency. */
  readonly measure: 'cpu' | 'rss' | 'requests' | 'p99';
  readonly unit: 'µs' | 's/GiB' | 'KiB' | '/s' | 'ms';
  /** How many units one round is. */
  readonly units: number;
  /** What the ratio is of where it is not that of all threads. */
  readonly thread?: 'main';
  readonly goal?: GoalName;
  /** Whether clients are given tickets, and come back with them. */
  readonly resumes?: boolean;
  /** What tsls is held against; node:tls where it is absent. */
  readonly against?: 'nginx' | 'haproxy';
  /** Rounds that are enough, since it varies little or takes long. */
  readonly mostRounds?: number;
}

const handshakes = (count: number, atOnce: number) =>
  ({ mode: 'end', measure: 'cpu', unit: 'µs', units: count, load: { kind: 'handshakes', count, atOnce } }) as const;
const bulk = (kind: 'download' | 'upload', mebibytes: number) =>
  ({ mode: 'serve', measure: 'cpu', unit: 's/GiB', units: mebibytes / 1024, load: { kind, mebibytes } }) as const;
const pings = (connections: number, count: number) =>
  ({ mode: 'serve', measure: 'cpu', unit: 'µs', units: count, load: { kind: 'ping', connections, count } }) as const;
const requests = (mode: 'https' | 'http2', bytes: number) =>
  ({ mode, measure: 'requests', unit: '/s', units: 1, load: { kind: mode, bytes, seconds: 1.5 } }) as const;
const bursts = (count: number) =>
  ({
    mode: 'serve',
    measure: 'p99',
    unit: 'ms',
    units: 1,
    load: { kind: 'burst', bursts: count, atOnce: 64 },
  }) as const;
/** Clients that leave by themselves, since not every server ends a connection at once. */
const briefHandshakes = (count: number) =>
  ({ ...handshakes(count, 64), mode: 'serve', load: { kind: 'handshakes', count, atOnce: 64, leaves: true } }) as const;

const ecdsa = { credential: 'p256', tls: tls13 } as const;
const rsa = { credential: 'rsa', tls: tls13 } as const;
const old = { credential: 'p256', tls: tls12('ECDHE-ECDSA-AES128-GCM-SHA256') } as const;

export const cases: readonly Case[] = [
  {
    name: 'handshake',
    what: 'full handshake, P-256, 64 at once',
    ...ecdsa,
    ...handshakes(1024, 64),
    goal: 'handshake',
  },
  {
    name: 'handshake-single',
    what: 'full handshake, P-256, one by one',
    ...ecdsa,
    ...handshakes(512, 1),
    goal: 'handshake',
  },
  {
    name: 'handshake-rsa',
    what: 'full handshake, RSA-2048, 64 at once: main thread',
    ...rsa,
    ...handshakes(384, 64),
    thread: 'main',
    goal: 'rsa',
  },
  {
    name: 'handshake-tls12',
    what: 'full handshake, TLS 1.2, P-256, 64 at once',
    ...old,
    ...handshakes(1024, 64),
    goal: 'handshake',
  },
  {
    name: 'resumed',
    what: 'resumed, TLS 1.3 (psk_dhe_ke), 64 at once',
    ...ecdsa,
    ...handshakes(1024, 64),
    resumes: true,
    goal: 'resumed',
  },
  {
    name: 'resumed-tls12',
    what: 'resumed, TLS 1.2 by ticket, 64 at once',
    ...old,
    ...handshakes(1024, 64),
    resumes: true,
    goal: 'resumed',
  },
  { name: 'download', what: 'download', ...ecdsa, ...bulk('download', 1024), goal: 'download' },
  { name: 'upload', what: 'upload', ...ecdsa, ...bulk('upload', 1024), goal: 'upload' },
  { name: 'ping', what: '100-byte ping, 1 connection', ...ecdsa, ...pings(1, 20_000), goal: 'ping' },
  { name: 'ping-64', what: '100-byte ping, 64 connections', ...ecdsa, ...pings(64, 64_000), goal: 'ping' },
  { name: 'https', what: 'HTTPS requests, 1 KiB', ...ecdsa, ...requests('https', 1024), goal: 'requests' },
  { name: 'https-1m', what: 'HTTPS requests, 1 MiB', ...ecdsa, ...requests('https', 1_048_576), goal: 'requests' },
  { name: 'http2', what: 'HTTP/2 requests, 1 KiB', ...ecdsa, ...requests('http2', 1024), goal: 'requests' },
  { name: 'http2-1m', what: 'HTTP/2 requests, 1 MiB', ...ecdsa, ...requests('http2', 1_048_576), goal: 'requests' },
  { name: 'burst', what: 'ping in bursts of 64 handshakes, P-256: p99', ...ecdsa, ...bursts(40), goal: 'burst' },
  { name: 'burst-rsa', what: 'ping in bursts of 64 handshakes, RSA-2048: p99', ...rsa, ...bursts(30), goal: 'burst' },
  {
    name: 'memory',
    what: 'RSS per idle connection, 5,000 of them',
    ...ecdsa,
    mode: 'serve',
    measure: 'rss',
    unit: 'KiB',
    units: 5000,
    load: { kind: 'hold', connections: 5000 },
    goal: 'memory',
    mostRounds: 2,
  },
  {
    name: 'handshake-nginx',
    what: 'full handshake, P-256, 64 at once',
    ...ecdsa,
    ...briefHandshakes(1024),
    against: 'nginx',
    goal: 'nginx handshake',
  },
  {
    name: 'download-nginx',
    what: 'HTTPS download, nginx without sendfile',
    ...ecdsa,
    mode: 'https',
    measure: 'cpu',
    unit: 's/GiB',
    units: 1 / 4,
    load: { kind: 'get', mebibytes: 256 },
    against: 'nginx',
    goal: 'nginx download',
  },
  {
    name: 'handshake-haproxy',
    what: 'full handshake, P-256, 64 at once',
    ...ecdsa,
    ...briefHandshakes(1024),
    against: 'haproxy',
  },
];
