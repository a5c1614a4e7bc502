// Chromium on the page of the `tsls` command: a screenshot, and /json of that very connection, which must say h2.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyPin } from './certificates.ts';
import { serverName } from './model.ts';
import { runChromium } from './peers/chromium.ts';
import { root } from './peers/own-client.ts';
import { own } from './process.ts';

/** A port of the loopback address that nobody listens on just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });

/**
 * Starts `dist/cli/main.js`, looks at it with Chromium and stops it.
 * @param screenshot where the PNG goes
 * @throws when the page does not load or was not loaded over HTTP/2
 */
export async function lookAtPage(node: string, folder: string, scratch: string, screenshot: string): Promise<void> {
  const program = join(root, 'dist', 'cli', 'main.js');
  if (!existsSync(program)) throw new Error('dist/cli/main.js is not built');
  const port = await freePort();
  const [cert, key] = [join(folder, 'p256.pem'), join(folder, 'p256.key')];
  const args = [program, '--port', `${port}`, '--host', '127.0.0.1', '--cert', cert, '--key', key];
  const server = own(spawn(node, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
  let stderr = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 100 || server.exitCode !== null)
        throw new Error(`the tsls command does not listen: ${stderr.slice(-300)}`);
      await sleep(100);
    }
    const url = `https://${serverName}:${port}`;
    const pins = [keyPin(readFileSync(cert))];
    const dump = await runChromium(scratch, pins, ['--virtual-time-budget=5000', '--dump-dom', `${url}/json`]);
    const text = dump.stdout.toString('utf8').replaceAll('&quot;', '"');
    const protocol = /"alpnProtocol":\s*"([^"]*)"/.exec(text)?.[1];
    if (protocol !== 'h2') throw new Error(`/json says ${protocol ?? text.slice(0, 200)}, not h2`);
    mkdirSync(dirname(screenshot), { recursive: true });
    await runChromium(scratch, pins, ['--window-size=1000,800', `--screenshot=${screenshot}`, `${url}/`]);
    if (!existsSync(screenshot) || statSync(screenshot).size < 5000) throw new Error('the screenshot is empty');
  } finally {
    server.kill();
  }
}
