import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { Policy, ServerConfig } from '../handshake/config.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { invalidArgType, nodeError } from './errors.ts';
import { createSecureContext, SecureContext, type SecureContextOptions } from './secure-context.ts';

/** What `onClientHello` may answer, now or later; whatever it leaves out is as the server has it. */
export interface ConnectionChoice {
  readonly secureContext?: SecureContext | SecureContextOptions | undefined;
  /** Protocols in our order; an empty list means to choose none. */
  readonly ALPNProtocols?: readonly string[] | undefined;
}

export type OnClientHello = (hello: ClientHello) => MaybePromise<ConnectionChoice | undefined>;
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext | SecureContextOptions | null) => void,
) => unknown;
export type AlpnCallback = (offer: {
  readonly servername: string;
  readonly protocols: readonly string[];
}) => MaybePromise<string | undefined>;

/** The part of a server's options that is asked anew for every connection. */
export interface PolicyOptions {
  readonly onClientHello?: OnClientHello | undefined;
  readonly SNICallback?: SniCallback | undefined;
  readonly ALPNCallback?: AlpnCallback | undefined;
  readonly alpnProtocols?: readonly string[] | undefined;
}

/** The application's decisions for one server: hook, then SNI, then ALPN. */
export function serverPolicy(options: PolicyOptions, defaultContext: () => SecureContext): Policy {
  const configure = (hello: ClientHello, choice: ConnectionChoice | undefined): MaybePromise<ServerConfig> => {
    const alpn = alpnOf(options, choice?.ALPNProtocols);
    const finish = (context: SecureContext): ServerConfig => ({ ...context.config, ...(alpn && { alpn }) });
    const chosen = choice?.secureContext;
    if (chosen !== undefined) return finish(asContext(chosen));
    const { serverName } = hello.offers;
    if (options.SNICallback === undefined || serverName === undefined) return finish(defaultContext());
    return askSni(options.SNICallback, serverName).then((context) => finish(context ?? defaultContext()));
  };
  return {
    configure(hello) {
      if (options.onClientHello === undefined) return configure(hello, undefined);
      const choice = options.onClientHello(hello);
      return isPromise(choice) ? Promise.resolve(choice).then((c) => configure(hello, c)) : configure(hello, choice);
    },
  };
}

function asContext(value: SecureContext | SecureContextOptions): SecureContext {
  return value instanceof SecureContext ? value : createSecureContext(value);
}

/** Asks an SNICallback, which may call back now, later, or reject where it is an async function. */
function askSni(callback: SniCallback, serverName: string): Promise<SecureContext | undefined> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, context?: SecureContext | SecureContextOptions | null): void => {
      if (error) return reject(error);
      try {
        resolve(context ? asContext(context) : undefined);
      } catch (cause) {
        reject(nodeError('ERR_TLS_INVALID_CONTEXT', 'the SNICallback gave no secure context', TypeError, { cause }));
      }
    };
    const result = callback(serverName, answered);
    if (isPromise(result)) Promise.resolve(result).catch(reject);
  });
}

function alpnOf(options: PolicyOptions, chosen: readonly string[] | undefined): ServerConfig['alpn'] {
  if (chosen !== undefined) return chosen.length > 0 ? chosen : undefined;
  const { ALPNCallback: callback } = options;
  if (callback === undefined) return options.alpnProtocols;
  return (protocols, hello) => {
    const answer = callback({ servername: hello.offers.serverName ?? '', protocols: [...protocols] });
    const check = (protocol: string | undefined): string | undefined => checkAlpn(protocol, protocols);
    return isPromise(answer) ? Promise.resolve(answer).then(check) : check(answer);
  };
}

function checkAlpn(protocol: string | undefined | null, offered: readonly string[]): string | undefined {
  if (protocol === undefined || protocol === null) return undefined;
  if (offered.includes(protocol)) return protocol;
  throw nodeError(
    'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT',
    `ALPN callback returned a value (${protocol}) that did not match any of the client's offered protocols (${offered.join(', ')})`,
    TypeError,
  );
}

/** `ALPNProtocols` in its two forms: names, or the wire format with a length byte before each name. */
export function readAlpnProtocols(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map(checkProtocolName);
  if (!ArrayBuffer.isView(value))
    throw invalidArgType('options.ALPNProtocols', 'an instance of Array or Buffer', value);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    const end = at + 1 + bytes[at]!;
    if (end > bytes.length) throw nodeError('ERR_INVALID_ARG_VALUE', 'options.ALPNProtocols is truncated', TypeError);
    names.push(checkProtocolName(bytes.toString('latin1', at + 1, end)));
  }
  return names;
}

function checkProtocolName(name: unknown): string {
  if (typeof name !== 'string') throw invalidArgType('options.ALPNProtocols', 'an array of strings', name);
  if (name.length === 0 || name.length > 255) {
    throw nodeError(
      'ERR_OUT_OF_RANGE',
      'a protocol name in options.ALPNProtocols must have 1 to 255 bytes',
      RangeError,
    );
  }
  return name;
}
