/**
 * Bytes that are kept for long and seldom looked at, as a string with a character for each: beside them a string takes 16
 * bytes, and a Uint8Array 230. Not for secrets, since a string cannot be wiped.
 */
export const byteString = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** The bytes that such a string stands for, in memory of their own. */
export function bytesOf(string: string): Uint8Array {
  const bytes = new Uint8Array(string.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = string.charCodeAt(i);
  return bytes;
}
