/** Milliseconds for which one key seals the tickets of servers that share their keys. */
export const keyPeriod: number = 24 * 3600 * 1000;

/** The ticket keys of one moment, 48 bytes each. */
export interface TicketKeySet {
  readonly current: Uint8Array;
  /** Those before it, the latest first. */
  readonly previous: readonly ReplacedKey[];
  /** Those to come: others, whose clocks are ahead, may seal with them already. */
  readonly next: readonly Uint8Array[];
}

export interface ReplacedKey {
  readonly key: Uint8Array;
  /** When the one after it took its place; milliseconds since 1970. */
  readonly replacedAt: number;
}

/** Where servers that share their ticket keys have them from. */
export interface TicketKeySource {
  /**
   * The keys of this moment, the same object for as long as they are the same; nothing before there are any. Tickets of
   * a replaced key are taken for `keepFor` milliseconds.
   */
  keys(keepFor: number): TicketKeySet | undefined;
}
