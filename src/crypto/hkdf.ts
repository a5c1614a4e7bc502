import { wipe } from '../wire/wipe.ts';
import { Writer } from '../wire/writer.ts';
import { type HashName, hashLength } from './cipher-suites.ts';
import type { CryptoProvider } from './provider.ts';

/** HKDF-Extract (RFC 5869 section 2.2). */
export const hkdfExtract = (
  provider: CryptoProvider,
  hash: HashName,
  salt: Uint8Array,
  keyingMaterial: Uint8Array,
): Uint8Array => provider.hmac(hash, salt, keyingMaterial);

/** HKDF-Expand (RFC 5869 section 2.3), up to 255 times the hash's length. */
export function hkdfExpand(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  if (length <= hashLength[hash]) {
    // The one block that all keys of a handshake fit in.
    const block = new Uint8Array(info.length + 1);
    block.set(info);
    block[info.length] = 1;
    return provider.hmac(hash, secret, block, length);
  }
  if (length > 255 * hashLength[hash]) throw new RangeError(`HKDF-Expand cannot give ${length} bytes`);
  const output = new Uint8Array(length);
  let previous: Uint8Array = new Uint8Array();
  for (let at = 0, counter = 1; at < length; at += previous.length, counter++) {
    const block = new Uint8Array(previous.length + info.length + 1);
    block.set(previous);
    block.set(info, previous.length);
    block[block.length - 1] = counter;
    wipe(previous);
    previous = provider.hmac(hash, secret, block);
    wipe(block);
    output.set(previous.subarray(0, length - at), at);
  }
  wipe(previous);
  return output;
}

/** HKDF-Expand-Label (RFC 8446 section 7.1); `label` without its `tls13 ` prefix. `mac` makes what is no secret. */
export function hkdfExpandLabel(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  mac: 'hmac' | 'publicHmac' = 'hmac',
): Uint8Array {
  if (length > hashLength[hash]) {
    const info = labelBlock(label, length, context.length).slice(0, -1);
    info.set(context, info.length - context.length);
    return hkdfExpand(provider, hash, secret, info, length);
  }
  // The one block of HKDF-Expand, made once per label: a handshake needs twenty of them.
  let template = templates[hash].get(label);
  if (template === undefined || template.length !== length || template.contextLength !== context.length) {
    template = { length, contextLength: context.length, block: labelBlock(label, length, context.length) };
    if (templates[hash].size < maxTemplates) templates[hash].set(label, template);
  }
  const { block } = template;
  block.set(context, block.length - 1 - context.length);
  return provider[mac](hash, secret, block, length);
}

interface Template {
  readonly length: number;
  readonly contextLength: number;
  readonly block: Uint8Array;
}
const templates: Readonly<Record<HashName, Map<string, Template>>> = { sha256: new Map(), sha384: new Map() };
/** Labels of exporters are the application's, and could be without number. */
const maxTemplates = 32;

/** HkdfLabel with room for its context, and the counter of the first block behind it. */
const labelBlock = (label: string, length: number, contextLength: number): Uint8Array =>
  new Writer(12 + label.length + contextLength)
    .u16(length)
    .vector8((w) => w.ascii('tls13 ').ascii(label))
    .vector8((w) => w.bytes(new Uint8Array(contextLength)))
    .u8(1)
    .take();

/** The TLS 1.2 PRF (RFC 5246 section 5) with the hash of the cipher suite. */
export function prf12(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const size = hashLength[hash];
  const { block, labelAndSeed } = prfInput(hash, label, seed);
  const output = new Uint8Array(length);
  let a = provider.hmac(hash, secret, labelAndSeed);
  for (let at = 0; ; ) {
    block.set(a);
    const bytes = provider.hmac(hash, secret, block);
    for (let i = 0; i < size && at < length; i++) output[at++] = bytes[i]!;
    wipe(bytes);
    if (at >= length) break;
    const next = provider.hmac(hash, secret, a);
    wipe(a);
    a = next;
  }
  wipe(a);
  for (let i = 0; i < size; i++) block[i] = 0;
  return output;
}

/** What the rounds of the PRF hash. */
interface PrfInput {
  readonly seedLength: number;
  /** A(i), and the label and the seed behind it. */
  readonly block: Uint8Array;
  readonly labelAndSeed: Uint8Array;
}
const prfInputs: Readonly<Record<HashName, Map<string, PrfInput>>> = { sha256: new Map(), sha384: new Map() };

/** The input for a label, made once for each, with another seed each time. */
function prfInput(hash: HashName, label: string, seed: Uint8Array): PrfInput {
  const inputs = prfInputs[hash];
  let input = inputs.get(label);
  if (input === undefined || input.seedLength !== seed.length) {
    const size = hashLength[hash];
    const block = new Uint8Array(size + label.length + seed.length);
    for (let i = 0; i < label.length; i++) block[size + i] = label.charCodeAt(i);
    input = { seedLength: seed.length, block, labelAndSeed: block.subarray(size) };
    if (inputs.size < maxTemplates) inputs.set(label, input);
  }
  input.labelAndSeed.set(seed, label.length);
  return input;
}
