import { ocspCrypto } from '../crypto/node/certificate-signatures.ts';
import { nodeCrypto } from '../crypto/node/provider.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type OcspAnswer, writeOcspRequest } from '../x509/ocsp.ts';
import { verifyOcspResponse } from '../x509/ocsp-verification.ts';
import { askResponder, type ResponderLimits, responderError } from './ocsp-client.ts';

/** How responses are fetched. Times are in milliseconds. */
export interface StaplingSettings extends ResponderLimits {
  /** Asked instead of the responders that the certificate names. */
  readonly responder?: string | undefined;
  /** Whether a request has a nonce, without which the response is refused. */
  readonly nonce: boolean;
  /** The first wait after a failure, which doubles with each, and the longest. */
  readonly firstRetry: number;
  readonly lastRetry: number;
  /** The least and the longest wait after a success. */
  readonly leastRefresh: number;
  readonly mostRefresh: number;
}

/** What a certificate and whoever follows it learn. */
export interface StaplingReports {
  /** A response came that is to be believed. */
  updated(certificate: Certificate, answer: OcspAnswer): void;
  /** Nobody gave one. */
  failed(certificate: Certificate, error: Error): void;
}

/** How long an answer without nextUpdate counts (RFC 6960 section 2.4 says: as long as nothing newer is there). */
const lifetimeWithoutEnd = 86_400_000;

const nonceLength = 32; // RFC 9654 section 2.1

/**
 * One certificate of ours with the OCSP response that is stapled to it. The response is fetched beforehand and replaced
 * halfway to its end; when responders fail it serves on until then, while they are asked again and again, more and more
 * seldom. Fetching goes on only while the certificate is asked for or `isPinned`.
 */
export class StapledCertificate {
  /** Whether it is looked after though no client asks. */
  isPinned = false;
  readonly #certificate: Certificate;
  readonly #issuer: Certificate;
  readonly #settings: StaplingSettings;
  readonly #reports: StaplingReports;
  readonly #stopping = new AbortController();
  #response: Uint8Array | undefined;
  /** The newest answer's times, in milliseconds since 1970. */
  #from = 0;
  #until = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isAsleep = true;
  #wasAsked = true;

  constructor(certificate: Certificate, issuer: Certificate, settings: StaplingSettings, reports: StaplingReports) {
    this.#certificate = certificate;
    this.#issuer = issuer;
    this.#settings = settings;
    this.#reports = reports;
  }

  /** The response as it is now, in DER, if there is one that is valid; sees to it that there will be. */
  ask(): Uint8Array | undefined {
    this.#wasAsked = true;
    this.wake();
    return Date.now() < this.#until ? this.#response : undefined;
  }

  /** Begins to fetch, unless that is under way. */
  wake(): void {
    if (!this.#isAsleep || this.#stopping.signal.aborted) return;
    this.#isAsleep = false;
    void this.#refresh();
  }

  /** Ends what is under way; nothing is fetched any more. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    this.#wasAsked = false;
    let wait: number;
    try {
      this.#keep(await this.#fetch());
      this.#failures = 0;
      wait = this.#refreshWait();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      wait = this.#retryWait(this.#failures++);
      this.#reports.failed(this.#certificate, error as Error);
    }
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => this.#due(), wait).unref();
  }

  #due(): void {
    if (this.#wasAsked || this.isPinned) void this.#refresh();
    else this.#isAsleep = true;
  }

  /** Asks the responders in turn, until one gives an answer that helps. */
  async #fetch(): Promise<{ readonly response: Uint8Array; readonly answer: OcspAnswer }> {
    const { responder, nonce } = this.#settings;
    let failure: unknown;
    for (const url of responder === undefined ? this.#certificate.ocspResponders : [responder]) {
      try {
        return await this.#fetchFrom(url, nonce ? nodeCrypto.randomBytes(nonceLength) : undefined);
      } catch (error) {
        failure ??= error;
        if (this.#stopping.signal.aborted) break;
      }
    }
    throw failure;
  }

  async #fetchFrom(url: string, nonce: Uint8Array | undefined) {
    const [certificate, issuer] = [this.#certificate, this.#issuer];
    const asking = nonce && { nonce };
    const request = writeOcspRequest(certificate, issuer, ocspCrypto, asking);
    const response = await askResponder(url, request, this.#settings, this.#stopping.signal);
    const time = new Date();
    const judged = { certificate, issuer, crypto: ocspCrypto, time, ...asking, nonceRequired: nonce !== undefined };
    const verdict = verifyOcspResponse(response, judged);
    if (!verdict.trusted) throw responderError(url, `gave a response that is not to be believed: ${verdict.reason}`);
    const { answer } = verdict;
    if (answer.status === 'unknown') throw responderError(url, 'does not know the certificate');
    // Somebody between us and the responder may hand out what was true once.
    if (answer.thisUpdate.getTime() < this.#from) throw responderError(url, 'gave an answer older than the one before');
    return { response, answer };
  }

  /** That it is revoked is nothing to staple: a client refuses it sooner or later, and a good answer is void. */
  #keep({ response, answer }: { readonly response: Uint8Array; readonly answer: OcspAnswer }): void {
    this.#from = answer.thisUpdate.getTime();
    this.#until = answer.nextUpdate?.getTime() ?? this.#from + lifetimeWithoutEnd;
    this.#response = answer.status === 'good' ? response : undefined;
    this.#reports.updated(this.#certificate, answer);
  }

  /** Half of the time that is left, give or take a tenth, so that servers do not ask all at once. */
  #refreshWait(): number {
    const { leastRefresh, mostRefresh } = this.#settings;
    const half = (this.#until - Date.now()) / 2;
    return Math.min(Math.max(half, leastRefresh), mostRefresh) * (0.9 + 0.2 * Math.random());
  }

  #retryWait(failures: number): number {
    const { firstRetry, lastRetry } = this.#settings;
    return Math.min(firstRetry * 2 ** failures, lastRetry) * (0.5 + 0.5 * Math.random());
  }
}
