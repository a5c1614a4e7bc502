import { domainToASCII } from 'node:url';
import type { SecureContext } from './secure-context.ts';

interface Entry {
  readonly pattern: string;
  readonly regExp: RegExp;
  readonly context: SecureContext;
}

/**
 * Secure contexts by host name (`server.addContext`). Names compare as hosts do: without case, with or without a
 * final dot, in ASCII (RFC 9525 section 6.3), so that no spelling gets round the context that is meant.
 */
export class NamedContexts {
  readonly #entries: Entry[] = [];

  /** `*` stands for any characters but dots, as in Node. Of several that match, the one added last counts. */
  add(hostname: string, context: SecureContext): void {
    const pattern = canonicalName(hostname);
    this.#entries.push({ pattern, regExp: patternOf(pattern), context });
  }

  /** Forgets the contexts of a name, or of a pattern as it was given; returns whether there was one. */
  remove(hostname: string): boolean {
    const pattern = canonicalName(hostname);
    const kept = this.#entries.filter((entry) => entry.pattern !== pattern);
    const removed = kept.length < this.#entries.length;
    this.#entries.splice(0, this.#entries.length, ...kept);
    return removed;
  }

  /** The context for the host that a client asks for. */
  find(serverName: string): SecureContext | undefined {
    if (this.#entries.length === 0) return undefined;
    const name = canonicalName(serverName);
    return this.#entries.findLast(({ regExp }) => regExp.test(name))?.context;
  }
}

/** A host name in lower-case ASCII without a final dot; a name that cannot be one as it stands, in lower case. */
export function canonicalName(hostname: string): string {
  const ascii = /^[\x21-\x7e]*$/.test(hostname) ? hostname : domainToASCII(hostname) || hostname;
  return ascii.toLowerCase().replace(/\.$/, '');
}

/** A name with wildcards as an expression; names are short, so it may go back as often as it likes. */
function patternOf(pattern: string): RegExp {
  const literal = pattern.replace(/[.^$+?\-\\[\]{}()|/]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll(/\*+/g, '[^.]*')}$`);
}
