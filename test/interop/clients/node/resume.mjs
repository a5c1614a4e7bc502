// Connections with node:tls, each of which offers the session of the one before: reads a port from each line of its
// input, connects to it, and prints a line of JSON.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { name: text, ca: text, version: text } });
const version = `TLSv${values.version}`;
const ca = readFileSync(values.ca);
let session;

for await (const port of createInterface({ input: process.stdin })) {
  const socket = connect({
    ...{ host: '127.0.0.1', port: Number(port), servername: values.name, ca },
    ...{ minVersion: version, maxVersion: version, ...(session && { session }) },
  });
  socket.on('session', (data) => {
    session = data;
  });
  await once(socket, 'secureConnect');
  socket.write('hello\n');
  const [answer] = await once(socket, 'data');
  const reused = socket.isSessionReused();
  socket.end();
  await once(socket, 'close');
  console.log(JSON.stringify({ reused, answer: JSON.parse(answer.toString()) }));
}
