import { invalidArgType, invalidArgValue, isBytes, isGiven } from './arguments.ts';
import { nodeError } from './errors.ts';

/** `ALPNProtocols` as applications give it: names, or the wire format with a length byte before each name. */
export type AlpnProtocols = readonly (string | Uint8Array)[] | NodeJS.ArrayBufferView;

/**
 * The names of `ALPNProtocols`, one character a byte, as the protocol has them; `undefined` for none. Throws `ERR_INVALID_ARG_TYPE`,
 * `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`.
 */
export function readAlpnProtocols(value: unknown): readonly string[] | undefined {
  if (!isGiven(value)) return undefined;
  const names = Array.isArray(value) ? value.map(readName) : readWireFormat(value);
  return names.length > 0 ? names : undefined;
}

function readWireFormat(value: unknown): readonly string[] {
  if (!isBytes(value)) throw invalidArgType('options.ALPNProtocols', 'an instance of Array or Buffer', value);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    const end = at + 1 + bytes[at]!;
    if (end > bytes.length || bytes[at] === 0) {
      throw invalidArgValue('options.ALPNProtocols', value, 'is not in the wire format');
    }
    names.push(bytes.toString('latin1', at + 1, end));
  }
  return names;
}

function readName(name: unknown, index: number): string {
  const bytes = typeof name === 'string' ? Buffer.from(name) : name;
  if (!(bytes instanceof Uint8Array)) {
    throw invalidArgType(`options.ALPNProtocols[${index}]`, 'of type string or an instance of Uint8Array', name);
  }
  if (bytes.length === 0) throw invalidArgValue(`protocols[${index}]`, name, 'must be a non-empty string');
  if (bytes.length > 255) {
    const message = `The byte length of the protocol at index ${index} exceeds the maximum length.`;
    throw nodeError('ERR_OUT_OF_RANGE', `${message} It must be <= 255. Received ${bytes.length}`, RangeError);
  }
  return Buffer.from(bytes).toString('latin1');
}

/** The wire format of names that `readAlpnProtocols` read. */
export const writeAlpnProtocols = (names: readonly string[]): Buffer =>
  Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name, 'latin1')));

/**
 * Sets `ALPNProtocols` of `out` to the wire format of protocols, as `tls.convertALPNProtocols` does; what is neither list
 * nor bytes sets nothing. Throws what `readAlpnProtocols` throws.
 */
export function convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: Buffer | undefined }): void {
  if (!Array.isArray(protocols) && !isBytes(protocols)) return;
  out.ALPNProtocols = writeAlpnProtocols(readAlpnProtocols(protocols) ?? []);
}
