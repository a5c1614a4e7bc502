import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decryptRc2 } from './rc2.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

it('RC2 as in the vectors of RFC 2268 section 5 whose keys are effective as a whole', () => {
  for (const [key, plain, cipher] of [
    ['ffffffffffffffff', 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', '1000000000000001', '30649edf9be7d2c2'],
    ['88bca90e90875a7f0f79c384627bafb2', '0000000000000000', '2269552ab0f85ca6'],
  ] as const) {
    assert.equal(Buffer.from(decryptRc2(hex(key), Buffer.alloc(8), hex(cipher))).toString('hex'), plain);
  }
});

it('RC2 in blocks that depend on the one before', () => {
  const [key, cipher] = [hex('3000000000000000'), hex('30649edf9be7d2c2')];
  const plain = decryptRc2(key, hex('1000000000000001'), Buffer.concat([cipher, cipher]));
  assert.equal(Buffer.from(plain).toString('hex'), '0000000000000000' + '20649edf9be7d2c3');
  assert.throws(() => decryptRc2(key, Buffer.alloc(8), Buffer.alloc(7)), RangeError);
});
