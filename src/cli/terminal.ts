import type { HandshakeReport } from '../handshake/report.ts';
import type { TlsClientError } from '../node/errors.ts';
import { groupName, schemeName } from '../wire/code-points.ts';

/** The styles of a terminal: each takes text and returns it, dressed where the terminal has colours. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

/** Styles by ANSI escape sequences, or none. */
export function terminalStyle(hasColours: boolean): Style {
  const dress =
    (on: number, off: number) =>
    (text: string): string =>
      hasColours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bold: dress(1, 22), dim: dress(2, 22), good: dress(32, 39), bad: dress(31, 39) };
}

/** Where a connection comes from. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** One line about a connection whose handshake is done. */
export function connectionLine(report: HandshakeReport, peer: Peer, now: Date, style: Style): string {
  const facts = [
    report.cipherSuite?.standardName,
    report.group === undefined ? undefined : groupName(report.group),
    report.signatureScheme === undefined ? undefined : schemeName(report.signatureScheme),
    report.resumed ? 'resumed' : undefined,
    report.alpnProtocol,
    report.serverName === undefined ? undefined : `for ${report.serverName}`,
  ].filter((fact) => fact !== undefined);
  const time = report.timeline.at(-1)?.at ?? 0;
  return `${prefix(peer, now, style)}  ${style.good(report.version ?? 'TLS')}  ${printable(facts.join('  '))}  ${style.dim(`${time.toFixed(1)} ms`)}`;
}

/** One line about a connection that failed, with the reason and what to do about it. */
export function failureLine(error: TlsClientError, now: Date, style: Style): string {
  const hint = hintFor(error);
  const reason = `${printable(error.message)}${alertPhrase(error)}`;
  return `${prefix(error, now, style)}  ${style.bad('failed')}  ${reason}${hint === undefined ? '' : style.dim(` (${hint})`)}`;
}

function prefix({ remoteAddress, remotePort }: Peer, now: Date, style: Style): string {
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, '0'));
  const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown address';
  const host = address.includes(':') ? `[${address}]` : address;
  return `${style.dim(time.join(':'))}  ${host}${remotePort === undefined ? '' : `:${remotePort}`}`;
}

function alertPhrase({ alert, alertDirection, stage, message }: TlsClientError): string {
  const told = alert === undefined || message.includes(alert) ? '' : `; alert ${alert} ${alertDirection}`;
  return `${told}; after ${stage}`;
}

/** What the reader can do about it, where we know. */
function hintFor({ alert, alertDirection, code }: TlsClientError): string | undefined {
  if (alertDirection === 'received') return received[alert ?? ''];
  if (code.endsWith('HTTP_REQUEST')) return 'plain HTTP was sent; the address begins with https://';
  if (code === 'ECONNRESET') return 'the client hung up; browsers do so before they ask the user about a certificate';
  return alertDirection === 'sent' ? sent[alert ?? ''] : undefined;
}

const untrusted = 'the client does not trust the certificate; see above how to trust it';

const received: Readonly<Record<string, string>> = {
  unknown_ca: untrusted,
  bad_certificate: untrusted,
  certificate_unknown: untrusted,
  certificate_expired: "the certificate is past its time, or the client's clock is wrong",
  certificate_revoked: 'the client holds the certificate for revoked',
  unsupported_certificate: "the client cannot use the certificate's kind of key",
  protocol_version: 'the client speaks no version of TLS that was offered',
  handshake_failure: 'the client and the server have no parameters in common',
};

const sent: Readonly<Record<string, string>> = {
  protocol_version: 'TLS 1.3 and TLS 1.2 are spoken here',
  handshake_failure: 'the client and the server have no parameters in common',
  no_application_protocol: 'h2 and http/1.1 are spoken here',
  inappropriate_fallback: 'the client fell back to an older version than both speak',
};

/** Text without control characters: names of hosts and protocols are the client's to choose. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd');
