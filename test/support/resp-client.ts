import * as net from 'node:net';

type Reply = string | number | null | Error | readonly Reply[];

/** Milliseconds until a command without a reply has failed. A store that stands still does not refuse connections. */
const deadline = 10_000;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** A client of Redis that is just enough for tests: it connects when it has a command to send, and queues nothing. */
export class RespClient {
  readonly #address: string | number;
  readonly #waiting: Waiting[] = [];
  #socket: net.Socket | undefined;
  #received = '';

  /** `address`: the path of a socket, or a port of the loopback interface. */
  constructor(address: string | number) {
    this.#address = address;
  }

  /** Sends a command; rejects with the server's error, when the connection breaks, and after the deadline. */
  readonly send = async (args: readonly string[]): Promise<Reply> => {
    const socket = this.#connected();
    const timer = setTimeout(() => socket.destroy(new Error(`no reply to ${args[0]}`)), deadline);
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`);
    }).finally(() => clearTimeout(timer));
    if (reply instanceof Error) throw reply;
    return reply;
  };

  close(): void {
    this.#socket?.destroy();
  }

  #connected(): net.Socket {
    if (this.#socket !== undefined) return this.#socket;
    const address = this.#address;
    const socket = typeof address === 'string' ? net.connect(address) : net.connect(address, '127.0.0.1');
    this.#socket = socket;
    this.#received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    let reason = new Error('the connection ended');
    socket.on('error', (error) => {
      reason = error;
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
    });
    return socket;
  }

  #receive(text: string): void {
    this.#received += text;
    for (let read = readReply(this.#received, 0); read !== undefined; read = readReply(this.#received, 0)) {
      this.#received = this.#received.slice(read.end);
      this.#waiting.shift()?.resolve(read.reply);
    }
  }
}

/** One reply (RESP2) from an index on, and the index behind it; `undefined` while it is not there as a whole. */
function readReply(text: string, at: number): { readonly reply: Reply; readonly end: number } | undefined {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const line = text.slice(at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (text[at]) {
    case '+':
      return { reply: line, end };
    case '-':
      return { reply: new Error(line), end };
    case ':':
      return { reply: Number(line), end };
    case '$': {
      const length = Number(line);
      if (length < 0) return { reply: null, end };
      if (text.length < end + length + 2) return undefined;
      return { reply: text.slice(end, end + length), end: end + length + 2 };
    }
    case '*': {
      const items: Reply[] = [];
      let next = end;
      for (let i = 0; i < Number(line); i++) {
        const item = readReply(text, next);
        if (item === undefined) return undefined;
        items.push(item.reply);
        next = item.end;
      }
      return { reply: items, end: next };
    }
    default:
      throw new Error(`no reply: ${JSON.stringify(line)}`);
  }
}
