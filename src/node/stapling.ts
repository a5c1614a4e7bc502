import type { EventEmitter } from 'node:events';
import type { Policy } from '../handshake/config.ts';
import { invalidArgType } from './arguments.ts';

/** The event by which an application staples OCSP responses, as `tls.Server` has it. */
export interface StaplingEvents {
  /**
   * A client wants to know that our certificate is not revoked. Both certificates are DER; `issuer` is `null` where the
   * chain does not have it. `callback(null, response)` staples, `callback(null, null)` does not, an error ends the
   * connection.
   */
  OCSPRequest: [
    certificate: Buffer,
    issuer: Buffer | null,
    callback: (error: Error | null, response?: Uint8Array | null) => void,
  ];
}

/** Staples what the listeners of `OCSPRequest` answer (RFC 6066 section 8, RFC 8446 section 4.4.2.1). */
export const stapleByEvent =
  (events: EventEmitter): NonNullable<Policy['staple']> =>
  ({ chain }) => {
    if (events.listenerCount('OCSPRequest') === 0) return undefined;
    const [certificate, issuer] = chain.map((der) => Buffer.from(der));
    return new Promise((resolve, reject) => {
      events.emit('OCSPRequest', certificate, issuer ?? null, (error: Error | null, response?: Uint8Array | null) => {
        if (error) return reject(error);
        if (response === undefined || response === null) return resolve(undefined);
        if (!ArrayBuffer.isView(response)) {
          return reject(invalidArgType('response', 'an instance of Buffer, TypedArray, or DataView', response));
        }
        resolve(new Uint8Array(response.buffer, response.byteOffset, response.byteLength));
      });
    });
  };
