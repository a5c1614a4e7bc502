// The server under test, by name: tsls, or node:tls as the stand-in to try the harness itself on.
import type * as NodeTls from 'node:tls';

/** The part of the face that both have in common. */
export type Implementation = Pick<typeof NodeTls, 'createServer'>;
export type ImplementationName = 'tsls' | 'node';

/** Loads tsls (compiled beside this file) or node:tls. */
export async function loadImplementation(name: ImplementationName, source: URL): Promise<Implementation> {
  if (name === 'node') return import('node:tls');
  return (await import(source.href)) as Implementation;
}

/** @throws unless the text names an implementation. */
export function implementationName(text: string): ImplementationName {
  if (text === 'tsls' || text === 'node') return text;
  throw new Error(`--implementation is tsls or node, not ${text}`);
}
