import { once } from 'node:events';
import type { TLSSocket } from '../../src/index.ts';
import type { ShimFlags } from './shim-flags.ts';

/** What the runner expects the shim to say after a handshake. Throws what the connection fails with. */
export async function converse(socket: TLSSocket, flags: ShimFlags): Promise<void> {
  const closed = once(socket, 'close'); // rejects for `error`
  writeExport(socket, flags);
  if (flags.has('-shim-shuts-down')) socket.end();
  socket.on('data', (chunk: Buffer) => {
    if (flags.has('-key-update')) socket.updateKeys();
    if (!flags.has('-shim-shuts-down')) socket.write(chunk.map((byte) => byte ^ 0xff));
  });
  await closed;
  if (flags.has('-check-close-notify') && socket.truncated) throw new Error('the client sent no close_notify');
}

function writeExport(socket: TLSSocket, flags: ShimFlags): void {
  const length = flags.number('-export-keying-material') ?? 0;
  if (length === 0) return;
  const context = flags.has('-use-export-context') ? Buffer.from(flags.text('-export-context') ?? '') : undefined;
  socket.write(socket.exportKeyingMaterial(length, flags.text('-export-label') ?? '', context));
}
