import type { EventEmitter } from 'node:events';

/**
 * Makes `server` what `donor`, a fresh server of node:http or node:http2, is beside being a net.Server: copies its own
 * properties, under names and symbols that only Node knows, and its listeners of the events given.
 */
export function inheritFrom(server: EventEmitter, donor: EventEmitter, events: readonly string[]): void {
  for (const key of Reflect.ownKeys(donor)) {
    if (!(key in server)) Object.defineProperty(server, key, Object.getOwnPropertyDescriptor(donor, key)!);
  }
  for (const event of events) {
    for (const listener of donor.listeners(event)) server.on(event, listener as () => void);
  }
}

/** Gives a prototype the methods of another, but for its constructor. */
export function borrowMethods(prototype: object, from: object): void {
  const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(from) as PropertyDescriptorMap;
  Object.defineProperties(prototype, methods);
}
