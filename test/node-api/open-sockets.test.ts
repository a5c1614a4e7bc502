import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenSockets } from '../../src/node/open-sockets.ts';
import type { TLSSocket } from '../../src/node/tls-socket.ts';

const socket = (): TLSSocket => ({}) as TLSSocket;

test('slots are used again, and each socket is told once', () => {
  const open = new OpenSockets();
  const [a, b, c] = [socket(), socket(), socket()];
  const first = open.add(a);
  open.add(b);
  open.remove(first);
  assert.deepEqual([...open], [b]);
  assert.equal(open.add(c), first);
  assert.deepEqual(new Set(open), new Set([b, c]));
});

test('a slot that is free already stays so', () => {
  const open = new OpenSockets();
  const slot = open.add(socket());
  open.remove(slot);
  open.remove(slot);
  assert.deepEqual([...open], []);
  const [d, e] = [socket(), socket()];
  assert.notEqual(open.add(d), open.add(e));
});

test('sockets that close while all are told are passed over', () => {
  const open = new OpenSockets();
  const [a, b] = [socket(), socket()];
  open.add(a);
  const second = open.add(b);
  const told: TLSSocket[] = [];
  for (const each of open) {
    told.push(each);
    open.remove(second);
  }
  assert.deepEqual(told, [a]);
});
