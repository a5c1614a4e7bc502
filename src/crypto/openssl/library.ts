import { createRequire } from 'node:module';

/** The parts of koffi that are used: it calls functions of the C libraries that are in this process. */
interface Koffi {
  load(path: null): { func(prototype: string): (...args: (number | string)[]) => unknown };
  /** The address of the bytes of a view, as a BigInt. */
  address(bytes: Uint8Array): bigint;
}

/**
 * Pointers travel as Numbers, which costs half of what BigInts or Buffers do. No process has addresses above 2^53;
 * where one is (or is tagged there), koffi gives a BigInt, and `pointer` refuses it.
 */
export type Pointer = number;

/** The functions of OpenSSL (3.0 and later) that are called, in C. `int` results are 1 for success. */
const prototypes = {
  EVP_CIPHER_fetch: 'uint64_t EVP_CIPHER_fetch(uint64_t libctx, const char *algorithm, uint64_t properties)',
  EVP_CIPHER_CTX_new: 'uint64_t EVP_CIPHER_CTX_new()',
  EVP_CIPHER_CTX_free: 'void EVP_CIPHER_CTX_free(uint64_t ctx)',
  EVP_CIPHER_CTX_ctrl: 'int EVP_CIPHER_CTX_ctrl(uint64_t ctx, int type, int arg, uint64_t ptr)',
  EVP_CipherInit_ex:
    'int EVP_CipherInit_ex(uint64_t ctx, uint64_t type, uint64_t impl, uint64_t key, uint64_t iv, int enc)',
  EVP_CipherUpdate: 'int EVP_CipherUpdate(uint64_t ctx, uint64_t out, uint64_t outl, uint64_t in, int inl)',
  EVP_CipherFinal_ex: 'int EVP_CipherFinal_ex(uint64_t ctx, uint64_t out, uint64_t outl)',
  SHA256_Init: 'int SHA256_Init(uint64_t c)',
  SHA256_Update: 'int SHA256_Update(uint64_t c, uint64_t data, size_t len)',
  SHA256_Final: 'int SHA256_Final(uint64_t md, uint64_t c)',
  SHA384_Init: 'int SHA384_Init(uint64_t c)',
  SHA384_Update: 'int SHA384_Update(uint64_t c, uint64_t data, size_t len)',
  SHA384_Final: 'int SHA384_Final(uint64_t md, uint64_t c)',
  EVP_PKEY_CTX_new_from_name:
    'uint64_t EVP_PKEY_CTX_new_from_name(uint64_t libctx, const char *name, uint64_t propquery)',
  EVP_PKEY_CTX_new: 'uint64_t EVP_PKEY_CTX_new(uint64_t pkey, uint64_t engine)',
  EVP_PKEY_CTX_free: 'void EVP_PKEY_CTX_free(uint64_t ctx)',
  EVP_PKEY_free: 'void EVP_PKEY_free(uint64_t pkey)',
  EVP_PKEY_keygen_init: 'int EVP_PKEY_keygen_init(uint64_t ctx)',
  EVP_PKEY_keygen: 'int EVP_PKEY_keygen(uint64_t ctx, uint64_t ppkey)',
  EVP_PKEY_get_raw_public_key: 'int EVP_PKEY_get_raw_public_key(uint64_t pkey, uint64_t pub, uint64_t len)',
  EVP_PKEY_get_raw_private_key: 'int EVP_PKEY_get_raw_private_key(uint64_t pkey, uint64_t priv, uint64_t len)',
  EVP_PKEY_fromdata_init: 'int EVP_PKEY_fromdata_init(uint64_t ctx)',
  EVP_PKEY_fromdata: 'int EVP_PKEY_fromdata(uint64_t ctx, uint64_t ppkey, int selection, uint64_t param)',
  EVP_PKEY_derive_init: 'int EVP_PKEY_derive_init(uint64_t ctx)',
  EVP_PKEY_derive_set_peer_ex: 'int EVP_PKEY_derive_set_peer_ex(uint64_t ctx, uint64_t peer, int validate_peer)',
  EVP_PKEY_derive: 'int EVP_PKEY_derive(uint64_t ctx, uint64_t key, uint64_t keylen)',
  EVP_PKEY_sign_init: 'int EVP_PKEY_sign_init(uint64_t ctx)',
  EVP_PKEY_sign: 'int EVP_PKEY_sign(uint64_t ctx, uint64_t sig, uint64_t siglen, uint64_t tbs, size_t tbslen)',
  d2i_AutoPrivateKey: 'uint64_t d2i_AutoPrivateKey(uint64_t a, uint64_t pp, long length)',
  ERR_clear_error: 'void ERR_clear_error()',
} as const;

/** OpenSSL's functions by their names. Nothing is checked: neither the arguments nor what they return. */
export type OpenSsl = { readonly [K in keyof typeof prototypes]: (...args: (number | string)[]) => number };

/** OpenSSL as this process has it. */
export interface Library {
  readonly openssl: OpenSsl;
  /** Where the bytes of a view lie. It does not keep the view alive, and holds until its buffer is detached. */
  addressOf(bytes: Uint8Array): Pointer;
}

/**
 * Finds OpenSSL's functions in this process. Throws where koffi is not installed or may not be loaded
 * (`--permission`), and where a function is not exported.
 */
export function openLibrary(): Library {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const self = koffi.load(null);
  const functions = Object.entries(prototypes).map(([name, prototype]) => [name, self.func(prototype)]);
  return {
    openssl: Object.fromEntries(functions) as OpenSsl,
    addressOf: (bytes) => pointer(Number(koffi.address(bytes))),
  };
}

/** A pointer that is one. Throws for NULL, which is how OpenSSL says that it failed. */
export function pointer(value: Pointer): Pointer {
  if (typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new Error('OpenSSL gave no object');
}

/** Checks the result of a function that returns 1 for success. */
export function succeed(result: number): void {
  if (result !== 1) throw new Error('OpenSSL failed');
}
