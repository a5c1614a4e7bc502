import { inspect } from 'node:util';
import { nodeError } from './errors.ts';

/** `ERR_INVALID_ARG_TYPE` in Node's words; `expected` begins with "of type" or "an instance of". */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError {
  const message = `The "${name}" ${kindOf(name)} must be ${expected}. Received ${describe(actual)}`;
  return nodeError('ERR_INVALID_ARG_TYPE', message, TypeError);
}

/** `ERR_INVALID_ARG_VALUE` in Node's words. */
export function invalidArgValue(name: string, actual: unknown, reason = 'is invalid'): TypeError {
  let shown = inspect(actual);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  return nodeError('ERR_INVALID_ARG_VALUE', `The ${kindOf(name)} '${name}' ${reason}. Received ${shown}`, TypeError);
}

/** `ERR_OUT_OF_RANGE` in Node's words; `range` is such as ">= 0 && <= 5". */
export function outOfRange(name: string, range: string, actual: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${inspect(actual)}`;
  return nodeError('ERR_OUT_OF_RANGE', message, RangeError);
}

const kindOf = (name: string): string => (name.includes('.') ? 'property' : 'argument');

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'function ';
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  const shown = inspect(value);
  return `type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

/** What Node takes for bytes. */
export const isBytes = (value: unknown): value is NodeJS.ArrayBufferView => ArrayBuffer.isView(value);

/** Whether an option is there: Node takes null for its absence. */
export const isGiven = <T>(value: T | undefined | null): value is T => value !== undefined && value !== null;

export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw invalidArgType(name, 'of type object', value);
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
}

export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
}

/** A number within bounds, whole where `whole`. Throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`. */
export function checkNumber(
  name: string,
  value: unknown,
  least: number,
  most: number,
  whole = false,
): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (whole && !Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (!(value >= least && value <= most)) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}

/** Text or bytes, as keys and certificates are given. */
export function checkMaterial(name: string, value: unknown): asserts value is string | NodeJS.ArrayBufferView {
  if (typeof value === 'string' || isBytes(value)) return;
  throw invalidArgType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
}
