import { getHeapSpaceStatistics } from 'node:v8';

/** ES2024, which Node has from 21 on. */
type Transfer = (this: ArrayBufferLike, length: number) => ArrayBuffer;
const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer };

/** Shorter buffers are too little to matter. */
const least = 4096;
/** Bytes of buffers between two collections of what is young, which keeps well below what calls the large one. */
const interval = 16 * 1_048_576;
/** Bytes of buffers after which V8 is asked again how large its space for what is young has become. */
const lookInterval = 4 * 1_048_576;

/** Bytes of the heap to fill for each byte of a buffer. */
let share = 0;
/** Bytes of buffers until the next look. */
let untilLook = 0;
/** Whether the allocator keeps what was freed. */
let isKept = false;
/** Keeps the last one, lest V8's compiler find that nobody needs it. */
const ballast: { last: unknown[] | undefined } = { last: undefined };

/**
 * Tells V8, in the only terms that it understands, of a buffer that was made for the application and will not live long.
 * The memory of a buffer lies outside of V8's heap and does not count towards the frequent collections of what is young;
 * when 44 MB of it have come together, V8 collects the whole heap, which makes an upload twice as dear. So the space for
 * what is young is filled in step with the buffers, as much of it as calls the cheap collection in time. That space has
 * between 1 and 16 MB, as V8 sees fit.
 */
export function noteYoungBuffer(length: number): void {
  if (length < least) return;
  untilLook -= length;
  if (untilLook <= 0) look();
  ballast.last = new Array((length * share) >> 3);
}

/**
 * glibc's allocator hands what is free at the end of its heap back to the system as soon as that is 128 KB, and pays for it
 * page by page when it is wanted again a moment later: in an upload, as much as decryption takes. What it goes by grows
 * with the largest block that was ever freed, to twice its size. So one is freed that is as large as what a collection
 * gives back; nobody touches it, and it costs two system calls. Other allocators do not mind.
 */
function keepFreeMemory(): void {
  if (isKept) return;
  isKept = true;
  const block = new ArrayBuffer(interval);
  if (transfer) transfer.call(block, 0);
}

function look(): void {
  keepFreeMemory();
  untilLook = lookInterval;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  if (young) share = Math.min(1, (young.space_used_size + young.space_available_size) / interval);
}

/** Bytes; less costs the collector less than the call. */
const worthFreeing = 1024;

/**
 * Frees bytes that nobody else has and nobody will look at again, if they have memory of their own and there are at least
 * so many of them: to transfer a buffer to one of no length gives its memory back at once. Otherwise V8 collects the whole
 * heap every 44 MB of such buffers, which takes longer than to encrypt them.
 */
export function free(bytes: Uint8Array, length: number = worthFreeing): void {
  if (bytes.length < length || bytes.length !== bytes.buffer.byteLength) return;
  if (transfer === undefined) return noteYoungBuffer(bytes.length);
  keepFreeMemory();
  transfer.call(bytes.buffer, 0);
}
