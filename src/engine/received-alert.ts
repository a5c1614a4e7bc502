import { AlertDescription, AlertLevel, type AlertName, alertName, fail, screamingCase } from '../wire/alert.ts';

/** What an alert means for the connection (RFC 8446 section 6). */
export type ReceivedAlert =
  /** The peer will send no more. */
  | { readonly kind: 'closeNotify' }
  /** Nothing to act upon. */
  | { readonly kind: 'warning' }
  | { readonly kind: 'error'; readonly alert: AlertName | undefined; readonly code: string; readonly message: string };

/**
 * Reads an alert record: one alert, whole. In TLS 1.3 every alert but close_notify and user_canceled is an error,
 * whatever its level.
 */
export function readAlert(content: Uint8Array, is13: boolean): ReceivedAlert {
  if (content.length === 0) fail('unexpectedMessage', 'empty alert record', 'BAD_LENGTH');
  if (content.length !== 2) fail('decodeError', `alert of ${content.length} bytes`, 'BAD_ALERT');
  const [level, description] = [content[0]!, content[1]!];
  if (level !== AlertLevel.warning && level !== AlertLevel.fatal) {
    fail('illegalParameter', `alert of level ${level}`, 'UNKNOWN_ALERT_TYPE');
  }
  if (description === AlertDescription.closeNotify) return { kind: 'closeNotify' };
  if (description === AlertDescription.userCanceled) return { kind: 'warning' };
  if (level === AlertLevel.warning && !is13) return { kind: 'warning' };
  const alert = alertName(description);
  const spelling = alert ? screamingCase(alert) : String(description);
  const message = `the client sent the alert ${alert ? spelling.toLowerCase() : `number ${description}`}`;
  return { kind: 'error', alert, code: `ALERT_${spelling}`, message };
}
