import type { EventEmitter } from 'node:events';
import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { Policy } from '../handshake/config.ts';
import type { Credential } from '../x509/credential.ts';
import { invalidArgType } from './arguments.ts';
import { mustStaple, reportMissingStaple } from './must-staple.ts';
import type { StapleKeeper } from './staple-keeper.ts';

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

type Staple = NonNullable<Policy['staple']>;

/**
 * Staples what a listener of `OCSPRequest` answers, or what `keeper` has (RFC 6066 section 8, RFC 8446 section 4.4.2.1);
 * reports certificates that must be stapled and are not.
 */
export const stapling =
  (events: EventEmitter, keeper: StapleKeeper | undefined): Staple =>
  (credential) => {
    const found =
      events.listenerCount('OCSPRequest') > 0 ? askListeners(events, credential) : keeper?.staple(credential);
    if (!mustStaple(credential)) return found;
    const check = (staple: Uint8Array | undefined): Uint8Array | undefined => {
      if (staple === undefined) reportMissingStaple(credential);
      return staple;
    };
    return isPromise(found) ? Promise.resolve(found).then(check) : check(found);
  };

function askListeners(events: EventEmitter, { chain }: Credential): MaybePromise<Uint8Array | undefined> {
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
}
