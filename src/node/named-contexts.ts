import { domainToASCII } from 'node:url';
import type { SecureContext } from './secure-context.ts';

/** What a name has of its own beside its context; what is left out is as the server has it. */
export interface NamePolicy {
  /** Protocols in our order; an empty list means to choose none. */
  readonly alpnProtocols?: readonly string[] | undefined;
  readonly requestCert?: boolean | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** A secure context that was added for a name. */
export interface NamedContext extends NamePolicy {
  readonly context: SecureContext;
}

interface Entry extends NamedContext {
  /** The later it was added, the higher. */
  readonly rank: number;
  /** For patterns that are more than a name or `*.` and a name. */
  readonly regExp: RegExp | undefined;
}

/**
 * Secure contexts by host name (`server.addContext`). Names compare as hosts do: without case, with or without a
 * final dot, in ASCII (RFC 9525 section 6.3), so that no spelling gets round the context that is meant.
 *
 * However many there are, finding one takes two look-ups: of the name, and of what follows its first dot. Only patterns
 * with wildcards elsewhere (`w*.example`) are gone through one by one.
 */
export class NamedContexts {
  readonly #names = new Map<string, Entry>();
  /** By what follows `*.`. */
  readonly #wildcards = new Map<string, Entry>();
  readonly #patterns = new Map<string, Entry>();
  #added = 0;

  /** `*` stands for any characters but dots, as in Node. Of several that match, the one added last counts. */
  add(hostname: string, named: NamedContext): void {
    const { map, key } = this.#placeOf(hostname);
    const regExp = map === this.#patterns ? patternOf(key) : undefined;
    map.set(key, { ...named, rank: this.#added++, regExp });
  }

  /** Puts another context in the place of one, whose policy and rank stay; returns whether there was one. */
  replace(hostname: string, context: SecureContext): boolean {
    const { map, key } = this.#placeOf(hostname);
    const entry = map.get(key);
    if (entry !== undefined) map.set(key, { ...entry, context });
    return entry !== undefined;
  }

  /** Forgets the context of a name, or of a pattern as it was given; returns whether there was one. */
  remove(hostname: string): boolean {
    const { map, key } = this.#placeOf(hostname);
    return map.delete(key);
  }

  /** The context for the host that a client asks for. */
  find(serverName: string): NamedContext | undefined {
    if (this.#names.size + this.#wildcards.size + this.#patterns.size === 0) return undefined;
    const name = canonicalName(serverName);
    const dot = name.indexOf('.');
    let found = later(this.#names.get(name), dot < 0 ? undefined : this.#wildcards.get(name.slice(dot + 1)));
    for (const entry of this.#patterns.values()) {
      if ((found === undefined || entry.rank > found.rank) && entry.regExp?.test(name)) found = entry;
    }
    return found;
  }

  #placeOf(hostname: string): { map: Map<string, Entry>; key: string } {
    const pattern = canonicalName(hostname);
    if (!pattern.includes('*')) return { map: this.#names, key: pattern };
    const rest = pattern.slice(2);
    const isPlain = pattern.startsWith('*.') && !rest.includes('*');
    return isPlain ? { map: this.#wildcards, key: rest } : { map: this.#patterns, key: pattern };
  }
}

const later = (a: Entry | undefined, b: Entry | undefined): Entry | undefined =>
  a !== undefined && (b === undefined || a.rank > b.rank) ? a : b;

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
