// What the processes of the soak say to each other.

/** The one argument of bench/soak-server.ts, as JSON. */
export interface SoakSetup {
  readonly key: string;
  readonly cert: string;
}

/** What the server's process holds, in bytes and numbers, and what it has counted. */
export interface SoakSample {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly handles: number;
  readonly descriptors: number;
  readonly secured: number;
  readonly resumed: number;
  readonly failed: number;
  readonly connections: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Bytes of application data. */
  readonly sent: number;
  readonly received: number;
}

/** What the clients are to do next. */
export interface SoakWork {
  readonly port: number;
  readonly ca: string;
  readonly handshakes: number;
  /** Bytes to fetch, and as many to send. */
  readonly bytes: number;
}
