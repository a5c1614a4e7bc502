// What the processes of the flood say to each other.

/** What a process is to do, and for how many milliseconds. */
export type FloodWork = {
  readonly port: number;
  readonly ca: string;
  readonly milliseconds: number;
} & (
  | { readonly kind: 'ping' }
  /** Handshakes of clients that mean it, one after the other. */
  | { readonly kind: 'newcomers' }
  /** So many connections that never finish their handshake. */
  | { readonly kind: 'halfOpen'; readonly connections: number }
  /** So many connections at once that send garbage, as long as it is taken or until there is an answer, and come again. */
  | { readonly kind: 'garbage'; readonly connections: number; readonly stays: boolean }
  /** So many full handshakes at once, again and again. */
  | { readonly kind: 'burst'; readonly atOnce: number }
);

/** Milliseconds that pings, or handshakes, took, in order; how many attacks there were; how many clients failed. */
export interface FloodDone {
  readonly times: readonly number[];
  readonly count: number;
  readonly failed: number;
}
