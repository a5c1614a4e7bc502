import type { Random } from '../support/path-plans.ts';
import { mutateBytes } from './byte-mutator.ts';

// Bytes taken apart where lengths say so, changed as a tree, and put together with the lengths that are right then:
// so that changes reach what lies behind the check of a length.

/** How the length of a node is written: not at all, big-endian in so many bytes, or as in DER. */
type Length = 0 | 1 | 2 | 3 | 'der';

/** An element: what stands before its length, and what is in it. */
export interface Node {
  readonly head: Uint8Array;
  readonly length: Length;
  readonly content: Uint8Array | readonly Node[];
}

const none = new Uint8Array();
const leaf = (content: Uint8Array): Node => ({ head: none, length: 0, content });

// ---- DER

/** The elements of DER, those inside of strings too; `undefined` for what is none. */
export function parseDer(bytes: Uint8Array, depth = 0): readonly Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1] ?? 0xff;
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if ((tag & 0x1f) === 0x1f || first === 0x80 || octets > 3) return undefined;
    let length = first;
    if (octets > 0) length = readNumber(bytes, at + 2, octets);
    const start = at + 2 + octets;
    const end = start + length;
    if (end > bytes.length) return undefined;
    nodes.push({
      head: bytes.subarray(at, at + 1),
      length: 'der',
      content: inside(tag, bytes.subarray(start, end), depth),
    });
    at = end;
  }
  return nodes;
}

const deepest = 24;

function inside(tag: number, content: Uint8Array, depth: number): Uint8Array | readonly Node[] {
  if (depth > deepest || content.length < 2) return content;
  if (tag & 0x20) return parseDer(content, depth + 1) ?? content;
  // A BIT STRING has a byte before its bits.
  if (tag === 0x03) {
    const nodes = content[1] === 0x30 ? parseDer(content.subarray(1), depth + 1) : undefined;
    return nodes ? [leaf(content.subarray(0, 1)), ...nodes] : content;
  }
  return tag === 0x04 ? (parseDer(content, depth + 1) ?? content) : content;
}

// ---- the presentation language of TLS (RFC 8446 section 3)

/** A field: so many bytes, or a vector whose length has so many bytes. */
type Field = number | 'v8' | 'v16' | 'v24';

/** The fields of messages; what is in a vector is guessed. */
const messages: Readonly<Record<number, readonly Field[]>> = {
  1: [2, 32, 'v8', 'v16', 'v8', 'v16'],
  11: ['v8', 'v24'],
  15: [2, 'v16'],
  25: [2, 3, 'v24'],
};

/** The fields of handshake messages behind each other; of a Certificate those of TLS 1.3. */
export function parseMessages(bytes: Uint8Array): readonly Node[] {
  const nodes: Node[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + readNumber(bytes, at + 1, 3);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + 4, end);
    const fields = messages[bytes[at]!];
    nodes.push({
      head: bytes.subarray(at, at + 1),
      length: 3,
      content: (fields && parseFields(body, fields)) ?? guess(body),
    });
    at = end;
  }
  return at < bytes.length ? [...nodes, leaf(bytes.subarray(at))] : nodes;
}

/** Records behind each other, with the messages in those that are not encrypted. */
export function parseRecords(bytes: Uint8Array): readonly Node[] {
  const nodes: Node[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 5 + readNumber(bytes, at + 3, 2);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + 5, end);
    const content = bytes[at] === 22 ? parseMessages(body) : body;
    nodes.push({ head: bytes.subarray(at, at + 3), length: 2, content });
    at = end;
  }
  return at < bytes.length ? [...nodes, leaf(bytes.subarray(at))] : nodes;
}

/** Bytes of which nothing is known but that vectors are likely. */
export const parseVectors = (bytes: Uint8Array): readonly Node[] => {
  const content = guess(bytes);
  return content instanceof Uint8Array ? [leaf(content)] : content;
};

function parseFields(bytes: Uint8Array, fields: readonly Field[]): readonly Node[] | undefined {
  const nodes: Node[] = [];
  let at = 0;
  for (const field of fields) {
    if (at === bytes.length) break;
    const width = typeof field === 'number' ? 0 : ((Number(field.slice(1)) / 8) as 1 | 2 | 3);
    const end = typeof field === 'number' ? at + field : at + width + readNumber(bytes, at, width);
    if (end > bytes.length) return undefined;
    const body = bytes.subarray(at + width, end);
    nodes.push(width === 0 ? leaf(body) : { head: none, length: width, content: guess(body) });
    at = end;
  }
  return at < bytes.length ? [...nodes, leaf(bytes.subarray(at))] : nodes;
}

/** What a vector holds: one vector, or a list of extensions or vectors that fills it. */
function guess(bytes: Uint8Array): Uint8Array | readonly Node[] {
  if (bytes.length < 2) return bytes;
  for (const [head, length] of shapes) {
    const nodes = listOf(bytes, head, length);
    if (nodes !== undefined) return nodes;
  }
  return bytes;
}

/** Bytes before the length, and bytes of the length, of the elements of a list, likely ones first. */
const shapes: readonly (readonly [head: number, length: 1 | 2 | 3])[] = [
  [0, 3],
  [2, 2],
  [0, 2],
  [0, 1],
  [1, 2],
];

function listOf(bytes: Uint8Array, head: number, length: 1 | 2 | 3): readonly Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + head + length;
    if (start > bytes.length) return undefined;
    const end = start + readNumber(bytes, at + head, length);
    if (end > bytes.length || (end === start && head === 0)) return undefined;
    nodes.push({ head: bytes.subarray(at, at + head), length, content: guess(bytes.subarray(start, end)) });
    at = end;
  }
  return nodes;
}

function readNumber(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0;
  for (let i = 0; i < octets; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

// ---- changes

const countNodes = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, { content }) => sum + 1 + (content instanceof Uint8Array ? 0 : countNodes(content)), 0);

function nodeAt(nodes: readonly Node[], index: number): Node {
  let left = index;
  const search = (list: readonly Node[]): Node | undefined => {
    for (const node of list) {
      if (left-- === 0) return node;
      const found = node.content instanceof Uint8Array ? undefined : search(node.content);
      if (found) return found;
    }
    return undefined;
  };
  return search(nodes)!;
}

type Change = (node: Node, lie: { by: number }) => readonly Node[];

/** Puts a tree together; `changes` are applied to the nodes of these numbers. */
function encode(nodes: readonly Node[], changes: ReadonlyMap<number, Change>): Uint8Array {
  let number = 0;
  const write = (list: readonly Node[]): Uint8Array[] =>
    list.flatMap((node) => {
      const change = changes.get(number++);
      const lie = { by: 0 };
      const made = change ? change(node, lie) : [node];
      if (made.length === 0) number += countNodes([node]) - 1;
      return made.flatMap((one) => {
        const content = one.content instanceof Uint8Array ? one.content : concat(write(one.content));
        return [one.head, lengthOf(one.length, content.length + lie.by), content];
      });
    });
  return concat(write(nodes));
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? parts[0]! : Buffer.concat(parts));

function lengthOf(kind: Length, value: number): Uint8Array {
  const length = Math.max(0, value);
  if (kind === 0) return none;
  if (kind !== 'der') return Uint8Array.from({ length: kind }, (_, i) => length >>> (8 * (kind - 1 - i)));
  if (length < 0x80) return Uint8Array.of(length);
  const octets = length < 2 ** 8 ? 1 : length < 2 ** 16 ? 2 : 3;
  return Uint8Array.of(0x80 | octets, ...lengthOf(octets, length));
}

function anyChange(random: Random, donor: readonly Node[]): Change {
  switch (random.below(9)) {
    case 0:
      return () => [];
    case 1:
      return (node) => new Array<Node>(2 + random.below(random.chance(3) ? 300 : 3)).fill(node);
    case 2:
      return () => [nodeAt(donor, random.below(countNodes(donor)))];
    case 3:
      return (node) => [node, nodeAt(donor, random.below(countNodes(donor)))];
    case 4:
      return (node) => [{ ...node, head: node.head.length > 0 ? mutateBytes(node.head, random) : node.head }];
    case 5:
      return (node, lie) => {
        lie.by = random.below(9) - 4;
        return [node];
      };
    case 6:
      return (node) => [{ ...node, content: [node] }];
    case 7:
      return (node) => [{ ...node, content: none }];
    default:
      return (node) => [
        node.content instanceof Uint8Array
          ? { ...node, content: mutateBytes(node.content, random) }
          : { ...node, content: node.content.toReversed() },
      ];
  }
}

/** A tree with one to four changes, put together. */
export function mutateTree(nodes: readonly Node[], random: Random, donor: readonly Node[]): Uint8Array {
  const count = countNodes(nodes);
  if (count === 0) return new Uint8Array();
  const other = donor.length > 0 ? donor : nodes;
  const changes = new Map<number, Change>();
  for (let left = 1 + random.below(1 + random.below(4)); left > 0; left--) {
    changes.set(random.below(count), anyChange(random, other));
  }
  return encode(nodes, changes);
}
