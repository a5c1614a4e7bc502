// nginx and HAProxy as the other side: one process each on a port of loopback's, configured to do what tsls does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInstalled } from './clients.ts';
import { type CpuTime, cpuOf, type RunningServer } from './processes.ts';
import { mebibyte, type TlsChoice } from './protocol.ts';

export type Rival = 'nginx' | 'haproxy';

/** What a rival is to serve with. */
export interface RivalSetup {
  /** Where certificates are, and configurations go. */
  readonly folder: string;
  readonly credential: string;
  readonly tls: TlsChoice;
}

/** Of the file that nginx serves. */
const fileMebibytes = 256;

const nginxConfig = ({ folder, credential, tls }: RivalSetup, port: number): string => `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${folder}/${t};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl backlog=1024;
    root ${folder};
    ssl_certificate ${folder}/${credential}.pem;
    ssl_certificate_key ${folder}/${credential}.key;
    ssl_protocols ${tls.version};
    ssl_conf_command Ciphersuites ${tls.suite};
    ssl_ecdh_curve ${tls.group};
    ssl_session_cache off;
    ssl_session_tickets off;
  }
}
`;

const haproxyConfig = ({ folder, tls }: RivalSetup, port: number): string => `global
  nbthread 1
  tune.ssl.cachesize 0
  maxconn 4096
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend bench
  bind 127.0.0.1:${port} ssl crt ${folder}/haproxy.pem ssl-min-ver ${tls.version} no-tls-tickets ciphersuites ${tls.suite} curves ${tls.group}
  http-request return status 204
`;

/** Why a rival cannot be measured here. */
export const missingRival = (rival: Rival): string | undefined =>
  isInstalled(rival) ? undefined : `${rival} is not installed (apt: ${rival})`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Writes what the rival reads; its arguments. */
function prepare(rival: Rival, setup: RivalSetup, port: number): readonly string[] {
  const { folder, credential } = setup;
  const config = join(folder, `${rival}.conf`);
  if (rival === 'haproxy') {
    const parts = [`${credential}.pem`, `${credential}.key`].map((name) => readFileSync(join(folder, name)));
    writeFileSync(join(folder, 'haproxy.pem'), Buffer.concat(parts));
    writeFileSync(config, haproxyConfig(setup, port));
    return ['-db', '-f', config];
  }
  const file = join(folder, `${fileMebibytes * mebibyte}`);
  if (!existsSync(file)) {
    writeFileSync(file, '');
    truncateSync(file, fileMebibytes * mebibyte);
  }
  writeFileSync(config, nginxConfig(setup, port));
  return ['-p', folder, '-c', config];
}

async function waitFor(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) break;
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (isThere) return;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnfile} does not start: ${said()}`);
}

/** Starts a rival. Rejects with what it says if it does not listen. */
export async function startRival(rival: Rival, setup: RivalSetup): Promise<RunningServer> {
  const port = await freePort();
  const env = { ...process.env, OPENSSL_CONF: join(setup.folder, 'openssl.cnf') };
  const child = spawn(rival, prepare(rival, setup, port), { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  await waitFor(port, child, () => said);
  return { port, cpu: (): CpuTime => cpuOf(child.pid!), stop: () => void child.kill('SIGKILL') };
}
