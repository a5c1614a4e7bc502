import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { secured13 } from '../../test/support/scripted-connection.ts';
import { serverConfig } from '../../test/support/server-end.ts';
import { nodeCrypto } from '../crypto/node/provider.ts';
import { SecureLink } from './secure-link.ts';
import type { SecureStream } from './secure-stream.ts';

/** A link between streams that do nothing, whose client may take a minute for its handshake. */
function linked(): SecureLink {
  const nothing = (): void => {};
  const stream = Object.assign(new PassThrough(), { setTimeout: nothing, _unrefTimer: nothing, hearClient: nothing });
  return new SecureLink(stream as unknown as SecureStream, new PassThrough(), undefined, {
    policy: { configure: () => serverConfig() },
    crypto: nodeCrypto,
    emitsHandshakeErrors: false,
    handshakeTimes: { whole: 60_000, message: 0 },
    reportsFailures: () => false,
    wantsKeylog: () => false,
    onHandshake: nothing,
    onKeylog: nothing,
  });
}

/** Timers for which the process would not end. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('SecureLink', () => {
  it('waits for a client no longer than the connection lives, though only early data came', async () => {
    for (const comes of ['nothing', 'early data']) {
      const before = timers();
      const link = linked();
      assert.equal(timers(), before + 1);
      if (comes === 'early data') link.event({ type: 'secure', secured: secured13() });
      assert.equal(timers(), before + 1, comes);
      await new Promise<void>((closed) => link.destroy(null, () => closed()));
      assert.equal(timers(), before, comes);
    }
  });
});
