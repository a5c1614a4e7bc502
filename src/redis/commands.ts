/** A client of Redis or Valkey that the application has made: ioredis, iovalkey, node-redis, or a function. */
export type RedisClient = CallingClient | SendingClient | ClusterClient | SentinelClient | SendCommand;

/** Sends a command with its arguments and gives the reply: for any other client. */
export type SendCommand = (args: string[]) => PromiseLike<unknown>;

/** ioredis and iovalkey, one server, Sentinel or Cluster. */
export interface CallingClient {
  call(command: string, ...args: string[]): PromiseLike<unknown>;
}

/** node-redis 4 to 6: a client or a pool. */
export interface SendingClient {
  sendCommand(args: string[]): PromiseLike<unknown>;
}

/** node-redis 4 to 6: a cluster. */
export interface ClusterClient {
  sendCommand(firstKey: string | undefined, isReadonly: boolean, args: string[]): PromiseLike<unknown>;
  getRandomNode(): unknown;
}

/** node-redis 5 and 6: a client of Sentinel. */
export interface SentinelClient {
  sendCommand(isReadonly: boolean, args: string[]): PromiseLike<unknown>;
  getSentinelNode(): unknown;
}

/** The commands that are needed. Each rejects with the client's or the server's error, or for a reply that is none. */
export interface RedisCommands {
  /** GET */
  get(key: string): Promise<string | undefined>;
  /** GETDEL, which Redis has from 6.2 on. */
  take(key: string): Promise<string | undefined>;
  /** SET with PX: for so many milliseconds. */
  set(key: string, value: string, milliseconds: number): Promise<void>;
  /** DEL */
  remove(key: string): Promise<void>;
  /** SET with NX and PX: whether there was nothing under the key before. */
  add(key: string, value: string, milliseconds: number): Promise<boolean>;
  /** TIME: milliseconds since 1970 by the server's clock. */
  time(): Promise<number>;
}

/** The commands by way of a client. Throws `TypeError` for what is none that we know. */
export function redisCommands(client: RedisClient): RedisCommands {
  const send = sender(client);
  const set = async (...args: [key: string, value: string, ...rest: string[]]): Promise<boolean> => {
    const reply = await send('SET', ...args);
    if (reply !== null && textOf(reply) !== 'OK') throw new TypeError('SET was answered by something else');
    return reply !== null;
  };
  const wholeOf = (milliseconds: number): string => `${Math.max(1, Math.ceil(milliseconds))}`;
  return {
    get: async (key) => readText(await send('GET', key).then(undefined, asText)),
    take: async (key) => readText(await send('GETDEL', key).then(undefined, asText)),
    async set(key, value, milliseconds) {
      if (!(await set(key, value, 'PX', wholeOf(milliseconds)))) throw new TypeError('SET did nothing');
    },
    add: (key, value, milliseconds) => set(key, value, 'NX', 'PX', wholeOf(milliseconds)),
    remove: async (key) => void (await send('DEL', key)),
    time: async () => readTime(await send('TIME')),
  };
}

type Sender = (command: string, ...args: [key?: string, ...rest: string[]]) => PromiseLike<unknown>;

function sender(client: RedisClient): Sender {
  if (typeof client === 'function') return (...args) => client(args as string[]);
  if (typeof client === 'object' && client !== null) {
    if ('call' in client && typeof client.call === 'function') return (...args) => client.call(...(args as [string]));
    if ('sendCommand' in client && typeof client.sendCommand === 'function') {
      if ('getRandomNode' in client) {
        return (...args) => client.sendCommand(args[1], isReading(args[0]), args as string[]);
      }
      // From the one that takes writes, always: another may not have heard yet of what was just kept.
      if ('getSentinelNode' in client) return (...args) => client.sendCommand(false, args as string[]);
      return (...args) => client.sendCommand(args as string[]);
    }
  }
  throw new TypeError('the client is none of ioredis, iovalkey or node-redis, and no function');
}

/** A list or the like, under a name of ours, is garbage as text may be; whatever else went wrong is thrown again. */
function asText(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE ')) return '';
  throw error;
}

const isReading = (command: string): boolean => command === 'TIME';

/** Clients may be told to give Buffers instead of text. */
const textOf = (reply: unknown): unknown => (reply instanceof Uint8Array ? Buffer.from(reply).toString() : reply);

function readText(reply: unknown): string | undefined {
  const text = textOf(reply);
  if (text === null || text === undefined) return undefined;
  if (typeof text !== 'string') throw new TypeError('the reply is no text');
  return text;
}

function readTime(reply: unknown): number {
  if (!Array.isArray(reply)) throw new TypeError('TIME was answered by something else');
  const [seconds, microseconds] = reply.map((part) => Number(textOf(part)));
  const milliseconds = seconds! * 1000 + Math.floor(microseconds! / 1000);
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError('TIME was answered by something else');
  return milliseconds;
}
