/** Characters of a peer's that a message has, at most. */
const longest = 400;

/**
 * What a peer wrote, fit to be part of a message that somebody prints or logs: without control characters, of which a new
 * line could feign another message and an escape speaks to a terminal (`\x1b`), and cut where it is long.
 */
export function printable(text: string): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return shown.replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
