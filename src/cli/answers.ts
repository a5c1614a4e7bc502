import { fingerprintHash } from '../crypto/node/fingerprint-hash.ts';
import { describeConnection, type ReportedHandshake } from './describe.ts';
import { connectionPage, messagePage } from './page.ts';
import { pageStyle } from './page-style.ts';

/** What of a request decides its answer, whatever the version of HTTP. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** `HTTP/1.1`, `HTTP/2`. */
  readonly httpVersion: string;
  /** The handshake of the connection that the request came on. */
  readonly report: ReportedHandshake;
}

/** An answer of HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; `undefined` where the request's own is sent back. */
  readonly body: string | undefined;
}

const styleHash = Buffer.from(fingerprintHash('sha256', pageStyle) ?? '', 'hex').toString('base64');

const commonHeaders: Readonly<Record<string, string>> = {
  // What differs with every connection is in nobody's cache.
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Answers a request: `/`, `/json`, `POST /echo`, and a page that says so for all else. Never throws. */
export function answer(asked: Asked): Answer {
  const path = asked.target.split('?', 1)[0];
  switch (path) {
    case '/':
      return isRead(asked)
        ? page(200, connectionPage(describeConnection(asked.report), asked.httpVersion))
        : refuse('GET, HEAD');
    case '/json':
      return isRead(asked) ? json(describeConnection(asked.report)) : refuse('GET, HEAD');
    case '/echo':
      return asked.method === 'POST'
        ? { status: 200, headers: { ...commonHeaders, 'content-type': 'application/octet-stream' }, body: undefined }
        : refuse('POST');
    case '/favicon.ico':
      return { status: 204, headers: commonHeaders, body: '' };
    default:
      return page(404, messagePage('Not found', 'There is nothing at this address.'));
  }
}

const isRead = ({ method }: Asked): boolean => method === 'GET' || method === 'HEAD';

function page(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return reply(status, 'text/html; charset=utf-8', body, headers);
}

const json = (value: object): Answer => reply(200, 'application/json', `${JSON.stringify(value, undefined, 2)}\n`);

const refuse = (allow: string): Answer =>
  page(405, messagePage('Not allowed', `This address answers ${allow}.`), { allow });

function reply(status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const length = String(Buffer.byteLength(body));
  return { status, headers: { ...commonHeaders, ...headers, 'content-type': type, 'content-length': length }, body };
}
