// A server of mail (smtp-server) with STARTTLS, and one with TLS from the beginning, which keep what they get.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));

const options = {
  key,
  cert,
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth: ({ username, password }, { secure }, done) =>
    secure && password === 'secret' ? done(null, { user: username }) : done(new Error('no')),
  async onData(stream, { secure, tlsOptions, user, envelope }, done) {
    const hash = createHash('sha256');
    const recipients = envelope.rcptTo.map(({ address }) => address);
    let length = 0;
    for await (const chunk of stream) {
      hash.update(chunk);
      length += chunk.length;
    }
    console.log(
      JSON.stringify({ secure, suite: tlsOptions.name, user, recipients, length, digest: hash.digest('hex') }),
    );
    done();
  },
};

const upgrading = new SMTPServer(options);
const encrypted = new SMTPServer({ ...options, secure: true });
for (const server of [upgrading, encrypted]) server.on('error', (error) => console.log(`failed: ${error.code}`));
encrypted.listen(0, '127.0.0.1', () => {
  console.log(`encrypted ${encrypted.server.address().port}`);
  upgrading.listen(0, '127.0.0.1', () => console.log(`listening ${upgrading.server.address().port}`));
});
process.once('SIGTERM', () => {
  upgrading.close();
  encrypted.close();
});
