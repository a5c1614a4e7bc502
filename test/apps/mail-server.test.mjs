import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import nodemailer from 'nodemailer';
import { ca, start, ways } from './support/application.mjs';

// smtp-server imports node:tls itself, so that there are no imports to change.
describe(`a server of mail, by ${ways[0]}`, () => {
  let application;
  before(async () => {
    application = await start('mail-server', ways[0]);
  });
  after(() => application.stop());

  const encryptedPort = () => Number(/^encrypted (\d+)$/m.exec(application.output)[1]);
  const received = (output) => output.match(/^\{.*\}$/gm)?.map((line) => JSON.parse(line)) ?? [];

  /** Sends a mail with an attachment of `size` bytes, and asserts that it arrived as it was sent. */
  async function deliver(options, size) {
    const before = received(application.output).length;
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      auth: { user: 'ada', pass: 'secret' },
      ...options,
      tls: { ca, servername: 'localhost', ...options.tls },
    });
    const compiler = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const { message } = await compiler.sendMail({
      from: 'ada@example.org',
      to: 'charles@example.org',
      subject: 'Tables',
      text: '.begins with a dot\n',
      attachments: [{ filename: 'table', content: randomBytes(size) }],
    });
    const envelope = { from: 'ada@example.org', to: ['charles@example.org', 'mary@example.org'] };
    await transport.sendMail({ envelope, raw: message });
    transport.close();
    await application.until(({ output }) => received(output).length > before, 'the mail');
    const mail = received(application.output)[before];
    assert.equal(mail.digest, createHash('sha256').update(message).digest('hex'));
    assert.deepEqual([mail.secure, mail.user, mail.recipients], [true, 'ada', envelope.to]);
    return mail;
  }

  for (const version of ['TLSv1.3', 'TLSv1.2']) {
    const only = { minVersion: version, maxVersion: version };

    it(`takes mails after STARTTLS, ${version}`, async () => {
      const { length } = application.handshakes;
      const options = { port: application.port, requireTLS: true, tls: only };
      const mail = await deliver(options, 2_000_000);
      assert.match(mail.suite, version === 'TLSv1.3' ? /^TLS_/ : /^ECDHE-/);
      const seen = await application.handshake(length);
      assert.deepEqual([seen.version, seen.serverName], [version, 'localhost']);
    });

    it(`takes mails over TLS from the beginning, ${version}`, async () => {
      const { length } = application.handshakes;
      await deliver({ port: encryptedPort(), secure: true, tls: only }, 2_000_000);
      assert.equal((await application.handshake(length)).version, version);
    });
  }

  it('takes ten mails at once', async () => {
    const options = { port: application.port, requireTLS: true };
    const transports = Array.from({ length: 10 }, () =>
      nodemailer
        .createTransport({
          host: '127.0.0.1',
          ...options,
          auth: { user: 'ada', pass: 'secret' },
          tls: { ca, servername: 'localhost' },
        })
        .sendMail({ from: 'ada@example.org', to: 'mary@example.org', text: 'x'.repeat(100_000) }),
    );
    assert.ok((await Promise.all(transports)).every(({ accepted }) => accepted.length === 1));
  });

  /** A session of SMTP up to the answer to STARTTLS. */
  async function startTls() {
    const socket = net.connect(application.port, '127.0.0.1').on('error', () => {});
    const answer = async () => String((await once(socket, 'data'))[0]);
    assert.match(await answer(), /^220/);
    socket.write('EHLO client.example.org\r\n');
    assert.match(await answer(), /STARTTLS/);
    return { socket, answer };
  }

  it('takes no command that came in clear behind STARTTLS for one of the session (CVE-2011-0411)', async () => {
    const { socket } = await startTls();
    socket.write('STARTTLS\r\nRSET\r\nVRFY injected\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^220/);
    const secured = tls.connect({ socket, servername: 'localhost', ca });
    const outcome = await Promise.race([once(secured, 'secureConnect').then(() => 'secure'), once(secured, 'error')]);
    if (outcome === 'secure') {
      // What was in clear must be gone: the first answer is the one to our own command.
      secured.write('EHLO client.example.org\r\n');
      assert.match(String((await once(secured, 'data'))[0]), /^250-/);
      secured.destroy();
    }
    socket.destroy();
  });

  it('lives on after clients that vanish or talk nonsense instead of a handshake', async () => {
    for (const end of [(s) => s.resetAndDestroy(), (s) => s.end(), (s) => s.write('nonsense, no ClientHello\r\n')]) {
      const { length } = application.failures;
      const { socket, answer } = await startTls();
      socket.write('STARTTLS\r\n');
      assert.match(await answer(), /^220/);
      end(socket);
      await application.until(({ failures }) => failures.length > length, 'a failed handshake');
      socket.destroy();
    }
    await deliver({ port: application.port, requireTLS: true }, 1000);
  });
});
