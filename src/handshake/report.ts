import type { CipherSuite } from '../crypto/cipher-suites.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { versionName } from '../wire/code-points.ts';

/** Milliseconds, monotonic. */
export type Clock = () => number;

/** A moment of a handshake, in milliseconds since the connection began. */
export interface TimelineEntry {
  readonly name: string;
  readonly at: number;
}

/** What is known of one handshake, while it goes on and after it ended, well or not. */
export class HandshakeReport {
  /** The last thing that was reached: `start`, `clientHello`, `serverHello`, … `secure`. */
  stage = 'start';
  clientHello: ClientHello | undefined;
  /** The number of the version chosen, as on the wire. */
  versionNumber: number | undefined;
  cipherSuite: CipherSuite | undefined;
  group: number | undefined;
  signatureScheme: number | undefined;
  alpnProtocol: string | undefined;
  resumed = false;
  helloRetryRequest = false;
  readonly timeline: TimelineEntry[] = [];
  readonly #clock: Clock;
  readonly #start: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock();
  }

  /** `TLSv1.3` or `TLSv1.2`, once chosen. */
  get version(): string | undefined {
    return this.versionNumber === undefined ? undefined : versionName(this.versionNumber);
  }

  /** The host that the client asked for (SNI). */
  get serverName(): string | undefined {
    return this.clientHello?.offers.serverName;
  }

  /** Notes that a stage was reached. */
  reach(stage: string): void {
    this.stage = stage;
    this.timeline.push({ name: stage, at: this.#clock() - this.#start });
  }
}
