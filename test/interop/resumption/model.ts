// What the table of resumption is about: how a session is kept, where its client comes back, and when.
import type { FleetAnswer } from '../../support/fleet-server.ts';
import type { Version } from '../model.ts';

export interface Kind {
  readonly version: Version;
  /** Whether the client keeps the session, in a ticket; otherwise the server does, under an id. */
  readonly isTicket: boolean;
}

/** The ways of keeping a session. */
export const kinds = {
  '1.2 id': { version: 'TLSv1.2', isTicket: false },
  '1.2 ticket': { version: 'TLSv1.2', isTicket: true },
  '1.3 stateful': { version: 'TLSv1.3', isTicket: false },
  '1.3 stateless': { version: 'TLSv1.3', isTicket: true },
} as const satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;

/** The moments, in milliseconds from the change of keys, at which a session is made and resumed. */
export const moments = {
  before: [-1000, -1000],
  // Made where the clock is ahead, so that the keys have changed there only.
  during: [1000, -1000],
  after: [-1000, 1000],
} as const;
export type Moment = keyof typeof moments;
type ByMoment = Readonly<Record<Moment, boolean>>;

const always: ByMoment = { before: true, during: true, after: true };
const never: ByMoment = { before: false, during: false, after: false };
/** Early data of a session that is from the future is not taken: the clock was set back. */
const forwards: ByMoment = { before: true, during: false, after: true };

export interface Place {
  readonly how: 'same' | 'restarted' | 'worker' | 'other';
  readonly shares?: 'redis' | 'ticketKeys';
  /** Whether a session goes on there. */
  readonly ticket: ByMoment;
  readonly id: ByMoment;
  /** Whether early data is taken of a session that goes on: not twice, and not where it may have been taken before. */
  readonly earlyData: ByMoment;
}

/** Where the client comes back, and what it is to find there. */
export const places = {
  'the same process': { how: 'same', ticket: always, id: always, earlyData: forwards },
  'the process restarted': { how: 'restarted', ticket: never, id: never, earlyData: never },
  'restarted with the same ticketKeys': {
    ...{ how: 'restarted', shares: 'ticketKeys', id: never, earlyData: never },
    // Nobody has told the new process of a key that is to come.
    ticket: { before: true, during: false, after: true },
  },
  'another worker of the cluster': { how: 'worker', ticket: always, id: never, earlyData: never },
  'restarted, with Redis': { how: 'restarted', shares: 'redis', ticket: always, id: always, earlyData: never },
  'another process, with Redis': { how: 'other', shares: 'redis', ticket: always, id: always, earlyData: forwards },
} as const satisfies Record<string, Place>;
export type PlaceName = keyof typeof places;

/** Where a client finds a server, and what it needs. */
export interface Target {
  readonly port: number;
  readonly version: Version;
  /** PEM of the authority to trust. */
  readonly ca: string;
  /** A folder of this client's own. */
  readonly scratch: string;
  /** A file with early data, if some is to be sent when the client comes back. */
  readonly earlyData?: string | undefined;
}

/** What client and server say of one connection. */
export interface Seen {
  /** Whether the client says that it resumed. */
  readonly reused: boolean;
  readonly answer: FleetAnswer;
}

/** A client that was here once. */
export interface Visitor {
  /** What was seen of its first visit; not where the client tells nothing of it. */
  readonly first: Seen | undefined;
  /** Comes back, with the session that it was given first. */
  again(port: number): Promise<Seen>;
  /** Lets the client go, which may be needed even if `again` was called. */
  end(): void;
}

export interface Client {
  readonly name: string;
  readonly kinds: readonly KindName[];
  readonly sendsEarlyData: boolean;
  /** Whether it can come back more than once with the same session. */
  readonly replays: boolean;
  /** Its version; undefined if it is not installed. */
  find(): Promise<string | undefined>;
  /** Makes its first visit. */
  come(target: Target): Promise<Visitor>;
}
