/** Overwrites secrets that are not needed any more. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) {
    if (secret === undefined) continue;
    // For as few bytes as a key has, `fill` costs more than a loop.
    if (secret.length > 128) secret.fill(0);
    else for (let i = 0; i < secret.length; i++) secret[i] = 0;
  }
}
