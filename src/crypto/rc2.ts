// RC2 (RFC 2268), long broken: old PKCS #12 files encrypt certificates with it, and OpenSSL 3 has it no more in what
// Node brings. Only decryption is needed.

/** The permutation of bytes that RFC 2268 section 2 derives from the digits of pi. */
const piTable = Uint8Array.from(
  Buffer.from(
    'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
      'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
      '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
      '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
      '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
      'c5f3db47e5a59c770aa62068fe7fc1ad',
    'hex',
  ),
);

/** The 64 words of an expanded key of 1 to 128 bytes, all of whose bits are effective (RFC 2268 section 2). */
function expandKey(key: Uint8Array): Uint16Array {
  const bytes = new Uint8Array(128);
  const { length } = key;
  bytes.set(key);
  for (let i = length; i < 128; i++) bytes[i] = piTable[(bytes[i - 1]! + bytes[i - length]!) & 0xff]!;
  bytes[128 - length] = piTable[bytes[128 - length]!]!;
  for (let i = 127 - length; i >= 0; i--) bytes[i] = piTable[bytes[i + 1]! ^ bytes[i + length]!]!;
  return Uint16Array.from({ length: 64 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
}

const rotations = [1, 2, 3, 5] as const;

/** Decrypts one block of four words in place (RFC 2268 section 4). */
function decryptBlock(words: Uint16Array, key: Uint16Array): void {
  let next = 63;
  const unmix = (): void => {
    for (let i = 3; i >= 0; i--) {
      const [a, b, c] = [words[(i + 3) & 3]!, words[(i + 2) & 3]!, words[(i + 1) & 3]!];
      const rotation = rotations[i]!;
      const rotated = (words[i]! >>> rotation) | (words[i]! << (16 - rotation));
      words[i] = rotated - key[next--]! - (a & b) - (~a & c);
    }
  };
  const unmash = (): void => {
    for (let i = 3; i >= 0; i--) words[i] = words[i]! - key[words[(i + 3) & 3]! & 63]!;
  };
  for (let round = 15; round >= 0; round--) {
    unmix();
    if (round === 11 || round === 5) unmash();
  }
}

/**
 * Decrypts RC2 in CBC, without taking the padding away. The key has 1 to 128 bytes, the initialization vector eight;
 * `bytes` are whole blocks of eight, else `RangeError`.
 */
export function decryptRc2(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length % 8 !== 0 || iv.length !== 8 || key.length < 1 || key.length > 128)
    throw new RangeError('RC2 input');
  const expanded = expandKey(key);
  const plain = new Uint8Array(bytes.length);
  const words = new Uint16Array(4);
  let before = iv;
  for (let at = 0; at < bytes.length; at += 8) {
    for (let i = 0; i < 4; i++) words[i] = bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8);
    decryptBlock(words, expanded);
    for (let i = 0; i < 8; i++) plain[at + i] = ((words[i >>> 1]! >>> (8 * (i & 1))) & 0xff) ^ before[i]!;
    before = bytes.subarray(at, at + 8);
  }
  return plain;
}
