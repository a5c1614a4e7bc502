const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** One line of the key log format (draft-ietf-tls-keylogfile), without its end. */
export const keylogLine = (label: string, clientRandom: Uint8Array, secret: Uint8Array): string =>
  `${label} ${hex(clientRandom)} ${hex(secret)}`;
