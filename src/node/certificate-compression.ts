import * as zlib from 'node:zlib';
import type { CertificateCompressor } from '../handshake/config.ts';
import { invalidArgType, invalidArgValue, isGiven } from './arguments.ts';

export type CertificateCompressionAlgorithm = 'zlib' | 'brotli' | 'zstd';

type Compress = (bytes: Uint8Array) => Uint8Array;
type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** What newer Nodes have and the types of the oldest one do not. */
const { zstdCompressSync, zstdDecompressSync } = zlib as {
  zstdCompressSync?: Compress;
  zstdDecompressSync?: Decompress;
};

const compressor = (algorithm: number, compress: Compress, decompress: Decompress): CertificateCompressor => ({
  algorithm,
  compress,
  decompress(bytes, length) {
    try {
      return decompress(bytes, { maxOutputLength: Math.max(1, length) });
    } catch {
      return undefined; // no such stream, or one that is longer than it says
    }
  },
});

/** By name, with the code points of RFC 8879 section 7.3; zstd only where Node has it. */
const compressors: ReadonlyMap<string, CertificateCompressor> = new Map([
  ['zlib', compressor(1, (bytes) => zlib.deflateSync(bytes, { level: 9 }), zlib.inflateSync)],
  ['brotli', compressor(2, (bytes) => zlib.brotliCompressSync(bytes), zlib.brotliDecompressSync)],
  ...(zstdCompressSync && zstdDecompressSync
    ? [['zstd', compressor(3, zstdCompressSync, zstdDecompressSync)] as const]
    : []),
]);

/** What the option may name; one that this Node lacks is left out. */
const known: readonly string[] = ['zlib', 'brotli', 'zstd'];

/** The algorithms that `certificateCompression` takes here. */
export const getCertificateCompressionAlgorithms = (): CertificateCompressionAlgorithm[] =>
  [...compressors.keys()] as CertificateCompressionAlgorithm[];

/** The compressors of the option `certificateCompression`. Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. */
export function readCertificateCompression(value: unknown): readonly CertificateCompressor[] | undefined {
  if (!isGiven(value)) return undefined;
  const name = 'options.certificateCompression';
  if (!Array.isArray(value)) throw invalidArgType(name, 'an instance of Array', value);
  if (value.length > known.length) throw invalidArgValue(name, value, 'can specify at most 3 algorithms');
  return value.flatMap((algorithm: string, index) => {
    if (!known.includes(algorithm)) {
      throw invalidArgValue(`${name}[${index}]`, algorithm, "must be 'zlib', 'brotli', or 'zstd'");
    }
    return compressors.get(algorithm) ?? [];
  });
}
