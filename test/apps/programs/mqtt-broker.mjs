// An MQTT broker (Aedes) on a server of node:tls.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { Aedes } from 'aedes';

const [key, cert, ca] = [process.env.TLS_KEY, process.env.TLS_CERT, process.env.TLS_CA].map((file) =>
  readFileSync(file),
);
const broker = await Aedes.createBroker();
broker.on('clientReady', ({ id, conn }) =>
  console.log(`${id} is ready, ${conn.getProtocol()}, authorized ${conn.authorized}`),
);
broker.on('clientDisconnect', ({ id }) => console.log(`${id} is gone`));
broker.on('connectionError', ({ id }) => console.log(`${id ?? 'somebody'} failed`));

const server = tls.createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false }, broker.handle);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  server.close();
  broker.close();
});
