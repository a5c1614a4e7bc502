/** Loaded before an application: tells the test of every handshake that our server, and nobody else's, goes through. */
import { subscribe } from 'node:diagnostics_channel';

for (const outcome of ['end', 'error']) {
  subscribe(`tsls:handshake:${outcome}`, ({ socket, report, error }) => {
    process.send({
      outcome,
      stage: report.stage,
      version: report.version,
      alpn: report.alpnProtocol,
      serverName: report.serverName,
      resumed: report.resumed,
      peer: report.peer,
      isOurs: typeof socket.updateKeys === 'function',
      code: error?.code,
      alert: error?.alert,
      alertDirection: error?.alertDirection,
    });
  });
}

// Whoever started us is gone, however that came about. To listen for it must not keep the application from its end.
process.once('disconnect', () => process.exit(1));
process.channel.unref();
