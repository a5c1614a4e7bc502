// What is measured, and the goals: ratios tsls / node:tls, so below 1 is better than node:tls.
import type { Credential } from '../test/interop/model.ts';
import type { TlsChoice, Work } from './protocol.ts';

const tls13: TlsChoice = { version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519' };
const tls12 = (suite: string): TlsChoice => ({ version: 'TLSv1.2', suite, group: 'X25519:P-256' });

type LoadOf<W> = W extends unknown ? Omit<W, 'port' | 'ca' | 'tls'> : never;
type Load = LoadOf<Work>;

export interface Case {
  readonly name: string;
  readonly what: string;
  readonly credential: Credential;
  readonly tls: TlsChoice;
  readonly mode: 'end' | 'serve';
  readonly load: Load;
  /** CPU time of the server process per unit, or memory per connection. */
  readonly measure: 'cpu' | 'rss';
  readonly unit: 'µs' | 's/GiB' | 'KiB';
  /** How many units one round is. */
  readonly units: number;
  /** The ratio that is not to be exceeded. */
  readonly goal?: number;
  /** Whether clients are given tickets, and come back with them. */
  readonly resumes?: boolean;
}

const handshakes = (count: number, atOnce: number) =>
  ({ mode: 'end', measure: 'cpu', unit: 'µs', units: count, load: { kind: 'handshakes', count, atOnce } }) as const;
const bulk = (kind: 'download' | 'upload', mebibytes: number) =>
  ({ mode: 'serve', measure: 'cpu', unit: 's/GiB', units: mebibytes / 1024, load: { kind, mebibytes } }) as const;
const pings = (connections: number, count: number) =>
  ({ mode: 'serve', measure: 'cpu', unit: 'µs', units: count, load: { kind: 'ping', connections, count } }) as const;

const ecdsa = { credential: 'p256', tls: tls13 } as const;

export const cases: readonly Case[] = [
  { name: 'handshake', what: 'full handshake, P-256, 64 at once', ...ecdsa, ...handshakes(1024, 64), goal: 1.15 },
  { name: 'handshake-single', what: 'full handshake, P-256, one by one', ...ecdsa, ...handshakes(512, 1), goal: 1.15 },
  {
    name: 'handshake-rsa',
    what: 'full handshake, RSA-2048, 64 at once',
    credential: 'rsa',
    tls: tls13,
    ...handshakes(384, 64),
    goal: 1.15,
  },
  {
    name: 'handshake-tls12',
    what: 'full handshake, TLS 1.2, P-256, 64 at once',
    credential: 'p256',
    tls: tls12('ECDHE-ECDSA-AES128-GCM-SHA256'),
    ...handshakes(1024, 64),
    goal: 1.15,
  },
  {
    name: 'resumed',
    what: 'resumed, TLS 1.3 (psk_dhe_ke), 64 at once',
    ...ecdsa,
    ...handshakes(1024, 64),
    resumes: true,
    goal: 1.15,
  },
  {
    name: 'resumed-tls12',
    what: 'resumed, TLS 1.2 by ticket, 64 at once',
    credential: 'p256',
    tls: tls12('ECDHE-ECDSA-AES128-GCM-SHA256'),
    ...handshakes(1024, 64),
    resumes: true,
    goal: 1.15,
  },
  { name: 'download', what: 'download', ...ecdsa, ...bulk('download', 256), goal: 2 },
  { name: 'upload', what: 'upload', ...ecdsa, ...bulk('upload', 256), goal: 2 },
  { name: 'ping', what: '100-byte ping, 1 connection', ...ecdsa, ...pings(1, 4000) },
  { name: 'ping-64', what: '100-byte ping, 64 connections', ...ecdsa, ...pings(64, 16_000) },
  {
    name: 'memory',
    what: 'RSS per idle connection, 4,000 of them',
    ...ecdsa,
    mode: 'serve',
    measure: 'rss',
    unit: 'KiB',
    units: 4000,
    load: { kind: 'hold', connections: 4000 },
    goal: 0.5,
  },
];
