import type { CipherSuite } from '../crypto/cipher-suites.ts';
import { type ClientHello, readClientHello } from '../messages/client-hello.ts';
import { messageHeaderLength } from '../messages/handshake-message.ts';
import { byteString, bytesOf } from '../wire/byte-string.ts';
import { versionName } from '../wire/code-points.ts';
import type { Credential } from '../x509/credential.ts';

/** Milliseconds, monotonic. */
export type Clock = () => number;

/** A moment of a handshake, in milliseconds since the connection began. */
export interface TimelineEntry {
  readonly name: string;
  readonly at: number;
}

/** The client's end of a connection. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
}

/** The alert that ended a connection. */
export interface ReportedAlert {
  /** As the registry spells it (`handshake_failure`). */
  readonly name: string;
  readonly direction: 'sent' | 'received';
}

/** What is known of one handshake, while it goes on and after it ended, well or not. */
export class HandshakeReport {
  /** The last thing that was reached: `start`, `clientHello`, `serverHello`, … `secure`. */
  stage = 'start';
  /** Where the client is; absent where that is unknown, as behind a stream that is no socket. */
  peer: PeerAddress | undefined;
  alert: ReportedAlert | undefined;
  /** By what the cryptography is done: `node:crypto`, or `openssl`. */
  readonly cryptoProvider: string;
  /** The number of the version chosen, as on the wire. */
  versionNumber: number | undefined;
  cipherSuite: CipherSuite | undefined;
  group: number | undefined;
  signatureScheme: number | undefined;
  /** What the client signed with, where it showed a certificate. */
  clientSignatureScheme: number | undefined;
  /** What the server showed, or would have shown if no session had been resumed. */
  credential: Credential | undefined;
  /** The schemes that the server takes and signs with, in its order. */
  signatureSchemes: readonly number[] = [];
  alpnProtocol: string | undefined;
  /** The protocol that the client chose by NPN, where there was no ALPN. */
  npnProtocol: string | undefined;
  resumed = false;
  helloRetryRequest = false;
  /** What became of early data (RFC 8446 section 2.3); `undefined` where the client offered none. */
  earlyData: 'accepted' | 'rejected' | undefined;
  #clientHello: ClientHello | undefined;
  /** The ClientHello's bytes alone, once nobody is at work with it: all that a living connection keeps of it. */
  #rawHello: string | undefined;
  /** Names and moments in turns; microseconds, since V8 keeps fractions in objects of their own. */
  #moments: (string | number)[] = [];
  readonly #clock: Clock;
  readonly #start: number;

  constructor(clock: Clock, cryptoProvider = 'node:crypto') {
    this.cryptoProvider = cryptoProvider;
    this.#clock = clock;
    this.#start = clock();
  }

  /** `TLSv1.3` or `TLSv1.2`, once chosen. */
  get version(): string | undefined {
    return this.versionNumber === undefined ? undefined : versionName(this.versionNumber);
  }

  /** The host that the client asked for (SNI). */
  serverName: string | undefined;

  /** The client's last ClientHello, as soon as it was read; after the handshake it is read anew from its bytes. */
  get clientHello(): ClientHello | undefined {
    if (this.#clientHello !== undefined || this.#rawHello === undefined) return this.#clientHello;
    const raw = bytesOf(this.#rawHello);
    return readClientHello({ type: raw[0]!, raw, body: raw.subarray(messageHeaderLength) });
  }

  set clientHello(hello: ClientHello | undefined) {
    this.#clientHello = hello;
    this.serverName = hello?.offers.serverName;
  }

  /** What was reached when. */
  get timeline(): readonly TimelineEntry[] {
    const entries: TimelineEntry[] = [];
    for (let i = 0; i < this.#moments.length; i += 2) {
      entries.push({ name: this.#moments[i] as string, at: (this.#moments[i + 1] as number) / 1000 });
    }
    return entries;
  }

  /** Notes that a stage was reached. */
  reach(stage: string): void {
    this.stage = stage;
    this.#moments.push(stage, Math.round((this.#clock() - this.#start) * 1000));
  }

  /** The handshake is done: keeps what is worth keeping for as long as the connection lives. */
  settle(): void {
    this.#rawHello = this.#clientHello && byteString(this.#clientHello.raw);
    this.#clientHello = undefined;
    this.#moments = this.#moments.slice(); // without room to grow
  }
}
