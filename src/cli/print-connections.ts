import type { ServeOptions } from './serve.ts';
import { connectionLine, failureLine, type Style } from './terminal.ts';

/** Prints a line for each connection, and for each that failed. */
export function printConnections(style: Style): Pick<ServeOptions, 'onConnection' | 'onFailure' | 'onError'> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  return {
    onConnection: (socket) => say(connectionLine(socket.handshakeReport, socket, new Date(), style)),
    onFailure: (error) => say(failureLine(error, new Date(), style)),
    onError: (error) => say(style.bad(`The server cannot accept a connection: ${error.message}`)),
  };
}
