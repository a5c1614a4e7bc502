// The clients of the table of resumption.
import { join } from 'node:path';
import type { FleetAnswer } from '../../support/fleet-server.ts';
import { serverName } from '../model.ts';
import { nodeBinary } from '../peers/node.ts';
import { buildFolder, clientSource } from '../peers/own-client.ts';
import { type Finished, must, run, versionOf, which, words } from '../process.ts';
import { runLineClient } from './line-client.ts';
import type { Client, KindName, Seen, Target } from './model.ts';
import { Relay } from './relay.ts';

const all: readonly KindName[] = ['1.2 id', '1.2 ticket', '1.3 stateful', '1.3 stateless'];
const pattern = /\{"pid":[^}]*\}/;
/** Keeps a program's input open until the server's answer is there. */
const untilAnswered = { bytes: 1, enough: (out: Buffer): boolean => pattern.test(out.toString('latin1')) };

function seen(result: Finished, reused: boolean): Seen {
  const found = pattern.exec(result.stdout.toString('latin1'));
  if (found === null) throw new Error(`no answer came back (${result.code}): ${words(result)}`);
  return { reused, answer: JSON.parse(found[0]) as FleetAnswer };
}

const openssl: Client = {
  name: 'OpenSSL s_client',
  kinds: all,
  sendsEarlyData: true,
  replays: true,
  find: () => versionOf('openssl', ['version'], /OpenSSL (\S+)/),
  async come(target) {
    const kept = join(target.scratch, 'session.pem');
    const visit = async (port: number, more: readonly string[]): Promise<Seen> => {
      const args = [
        ...[
          's_client',
          '-connect',
          `127.0.0.1:${port}`,
          '-servername',
          serverName,
          '-CAfile',
          target.ca,
          '-nocommands',
        ],
        ...['-verify_return_error', target.version === 'TLSv1.3' ? '-tls1_3' : '-tls1_2', ...more],
      ];
      const result = await run('openssl', args, { input: Buffer.from('hello\n'), until: untilAnswered });
      const said = /^(Reused|New), TLSv/m.exec(result.stdout.toString('latin1'))?.[1];
      const found = seen(result, said === 'Reused');
      const isTaken = result.stdout.includes('Early data was accepted');
      if (isTaken !== (found.answer.earlyData === 'accepted' || found.answer.earlyData === 'confirmed'))
        throw new Error(`client and server disagree on early data: ${isTaken}, ${found.answer.earlyData}`);
      return found;
    };
    const early = target.earlyData === undefined ? [] : ['-early_data', target.earlyData];
    return {
      first: await visit(target.port, ['-sess_out', kept]),
      again: (port) => visit(port, ['-sess_in', kept, ...early]),
      end() {},
    };
  },
};

/** gnutls-cli comes twice by itself, by way of a relay. It writes byte by byte, which a pipe bears well. */
const gnutls: Client = {
  name: 'GnuTLS gnutls-cli',
  kinds: all,
  sendsEarlyData: true,
  replays: false,
  find: () => versionOf('gnutls-cli', ['--version'], /gnutls-cli (\S+)/),
  async come(target) {
    const relay = new Relay();
    const port = await relay.listen();
    relay.next(target.port);
    const version = target.version.replace('v', '');
    const args = [
      ...['-c', '"$0" "$@" | cat', 'gnutls-cli', '--resume', '--waitresumption', '--port', `${port}`],
      ...['--x509cafile', target.ca, '--sni-hostname', serverName, '--verify-hostname', serverName],
      ...['--priority', `NORMAL:-VERS-ALL:+VERS-${version}`],
      ...(target.earlyData === undefined ? [] : ['--earlydata', target.earlyData]),
      '127.0.0.1',
    ];
    const ended = run('sh', args, { input: Buffer.from('hello\n'), until: untilAnswered });
    ended.catch(() => {});
    // Its second connection waits at the relay.
    await Promise.race([relay.waiting(), ended]);
    return {
      first: undefined,
      async again(back) {
        relay.next(back);
        const result = await ended;
        return seen(result, result.stdout.includes('This is a resumed session'));
      },
      end: () => relay.close(),
    };
  },
};

let goProgram = '';
const go: Client = {
  name: 'Go crypto/tls',
  // It knows no ids in TLS 1.2.
  kinds: ['1.2 ticket', '1.3 stateful', '1.3 stateless'],
  sendsEarlyData: false,
  replays: false,
  async find() {
    if (!which('go')) return undefined;
    const { folder, fresh, done } = buildFolder('go-resume', ['go.mod', 'main.go']);
    goProgram = join(folder, 'client');
    if (!fresh) await must('go', ['build', '-o', goProgram, '.'], { cwd: folder, timeout: 300_000 });
    done();
    return versionOf('go', ['version'], /go(\d\S*)/);
  },
  come: (target: Target) => runLineClient([goProgram], target),
};

const nodeClient = (major: number): Client => ({
  name: `node:tls ${major}`,
  kinds: all,
  sendsEarlyData: false,
  replays: false,
  async find() {
    const binary = nodeBinary(major);
    return binary && (await run(binary, ['--version'])).stdout.toString().trim().slice(1);
  },
  come: (target) => runLineClient([nodeBinary(major) ?? 'node', clientSource('node/resume.mjs')], target),
});

/** All of them, by the short names that the command line has. */
export const clients: Readonly<Record<string, Client>> = {
  openssl,
  gnutls,
  go,
  node20: nodeClient(20),
  node22: nodeClient(22),
  node24: nodeClient(24),
  node26: nodeClient(26),
};
