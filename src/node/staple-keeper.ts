import { channel } from 'node:diagnostics_channel';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import type { Credential } from '../x509/credential.ts';
import { formatName } from '../x509/distinguished-name.ts';
import type { OcspAnswer } from '../x509/ocsp.ts';
import { checkNumber, checkObject, checkString, invalidArgValue, isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';
import { StapledCertificate, type StaplingReports, type StaplingSettings } from './stapled-certificate.ts';

/** How a server fetches the OCSP responses that it staples. */
export interface OcspStaplingOptions {
  /** The URL of a responder to ask instead of those that a certificate names; `http:` only. */
  readonly responder?: string | undefined;
  /** Whether requests carry a nonce that the response must repeat (RFC 9654); false by default, as few responders do. */
  readonly nonce?: boolean | undefined;
  /** Milliseconds that a responder may take; 10,000 by default. */
  readonly timeout?: number | undefined;
}

/** What subscribers of the channels `tsls:ocsp:…` of `node:diagnostics_channel` get; certificates are DER. */
export interface OcspMessages {
  /** `tsls:ocsp:update`: a response came; `revoked` is not stapled. */
  update: {
    readonly certificate: Uint8Array;
    readonly status: OcspAnswer['status'];
    readonly thisUpdate: Date;
    readonly nextUpdate: Date | undefined;
  };
  /** `tsls:ocsp:error`: no responder gave one, and they are asked again later. */
  error: { readonly certificate: Uint8Array; readonly error: Error };
}

const updates = channel('tsls:ocsp:update');
const errors = channel('tsls:ocsp:error');

const defaultSettings: StaplingSettings = {
  timeout: 10_000,
  mostBytes: 65_536,
  nonce: false,
  firstRetry: 30_000,
  lastRetry: 3_600_000,
  leastRefresh: 30_000,
  mostRefresh: 86_400_000,
};

/** Most certificates whose responses are kept; of more, the one that came first is forgotten. */
const mostCertificates = 1000;

/** Settings of the option `ocspStapling`, `undefined` where it is off. Throws Node's errors for what is wrong. */
export function readOcspStapling(option: boolean | OcspStaplingOptions | undefined): StaplingSettings | undefined {
  if (!isGiven(option) || option === false) return undefined;
  if (option === true) return defaultSettings;
  checkObject('options.ocspStapling', option);
  const { responder, nonce = false, timeout = defaultSettings.timeout } = option;
  if (responder !== undefined) {
    checkString('options.ocspStapling.responder', responder);
    if (!URL.canParse(responder) || new URL(responder).protocol !== 'http:') {
      throw invalidArgValue('options.ocspStapling.responder', responder, 'must be an http: URL');
    }
  }
  checkNumber('options.ocspStapling.timeout', timeout, 1, 2 ** 31 - 1);
  return { ...defaultSettings, responder, nonce: nonce === true, timeout };
}

/** Fetches and keeps the OCSP responses of a server's certificates, by certificate, however many contexts have it. */
export class StapleKeeper {
  readonly #settings: StaplingSettings;
  /** By the certificate's DER; `undefined` for one that no response can be fetched for. */
  readonly #kept = new Map<string, StapledCertificate | undefined>();

  constructor(settings: StaplingSettings) {
    this.#settings = settings;
  }

  /** The response for a credential if it is there now. Where it is not, a fetch begins, and this handshake goes without. */
  staple(credential: Credential): Uint8Array | undefined {
    return this.#find(credential)?.ask();
  }

  /** Looks after these credentials from now on, whether or not clients ask; after others only while they do. */
  pin(credentials: readonly Credential[]): void {
    const pinned = new Set(credentials.map((credential) => this.#find(credential)));
    for (const stapled of this.#kept.values()) if (stapled) stapled.isPinned = pinned.has(stapled);
    for (const stapled of pinned) stapled?.wake();
  }

  /** Forgets everything, and ends what is under way. */
  stop(): void {
    for (const stapled of this.#kept.values()) stapled?.stop();
    this.#kept.clear();
  }

  #find({ chain }: Credential): StapledCertificate | undefined {
    const key = Buffer.from(chain[0]!).toString('latin1');
    if (this.#kept.has(key)) return this.#kept.get(key);
    for (const [oldest, stapled] of this.#kept) {
      if (this.#kept.size < mostCertificates) break;
      stapled?.stop();
      this.#kept.delete(oldest);
    }
    const made = this.#make(chain);
    this.#kept.set(key, made);
    return made;
  }

  #make(chain: readonly Uint8Array[]): StapledCertificate | undefined {
    const certificate = readCertificate(chain[0]!);
    if (chain[1] === undefined) return cannotAsk(certificate, 'its chain has no issuer');
    if (this.#settings.responder === undefined && certificate.ocspResponders.length === 0) {
      return cannotAsk(certificate, 'it names no responder');
    }
    return new StapledCertificate(certificate, readCertificate(chain[1]), this.#settings, reports);
  }
}

function cannotAsk(certificate: Certificate, why: string): undefined {
  const message = `there can be no OCSP response for ${formatName(certificate.subject)}: ${why}`;
  reports.failed(certificate, nodeError('ERR_TLS_OCSP_IMPOSSIBLE', message));
}

const reports: StaplingReports = {
  updated({ der, subject }, { status, thisUpdate, nextUpdate }) {
    updates.publish({ certificate: der, status, thisUpdate, nextUpdate });
    if (status === 'revoked') {
      process.emitWarning(`The certificate of ${formatName(subject)} is revoked`, { code: 'TSLS_CERTIFICATE_REVOKED' });
    }
  },
  failed: ({ der }, error) => errors.publish({ certificate: der, error }),
};
