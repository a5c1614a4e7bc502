// Socket.IO on a server of node:https: echoes with an acknowledgement, has rooms, sends events.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Server } from 'socket.io';

const [key, cert] = [process.env.TLS_KEY, process.env.TLS_CERT].map((file) => readFileSync(file));
const server = https.createServer({ key, cert });
const io = new Server(server, { maxHttpBufferSize: 1e8 });

io.on('connection', (socket) => {
  socket.emit('facts', { secure: socket.handshake.secure, encrypted: socket.request.socket.encrypted });
  socket.on('echo', (value, acknowledge) => acknowledge(value));
  socket.on('join', (room, acknowledge) => {
    socket.join(room);
    acknowledge();
  });
  socket.on('say', (room, words) => io.to(room).emit('said', words));
  socket.on('disconnect', (reason) => console.log(`gone: ${reason}`));
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.once('SIGTERM', () => {
  io.close();
  server.closeAllConnections();
});
