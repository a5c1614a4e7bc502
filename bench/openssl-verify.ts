// X509_verify_cert of the OpenSSL in this process, called by way of koffi: what our verification is held against.
import { createRequire } from 'node:module';

interface Koffi {
  load(path: null): { func(prototype: string): (...args: (bigint | number)[]) => bigint | number };
  address(bytes: Uint8Array): bigint;
}

const prototypes = {
  d2i_X509: 'uint64_t d2i_X509(uint64_t out, uint64_t in, long length)',
  X509_free: 'void X509_free(uint64_t certificate)',
  X509_STORE_new: 'uint64_t X509_STORE_new()',
  X509_STORE_add_cert: 'int X509_STORE_add_cert(uint64_t store, uint64_t certificate)',
  X509_STORE_CTX_new: 'uint64_t X509_STORE_CTX_new()',
  X509_STORE_CTX_init: 'int X509_STORE_CTX_init(uint64_t ctx, uint64_t store, uint64_t leaf, uint64_t untrusted)',
  X509_STORE_CTX_set_purpose: 'int X509_STORE_CTX_set_purpose(uint64_t ctx, int purpose)',
  X509_STORE_CTX_free: 'void X509_STORE_CTX_free(uint64_t ctx)',
  X509_verify_cert: 'int X509_verify_cert(uint64_t ctx)',
  OPENSSL_sk_new_null: 'uint64_t OPENSSL_sk_new_null()',
  OPENSSL_sk_push: 'int OPENSSL_sk_push(uint64_t stack, uint64_t element)',
  OPENSSL_sk_free: 'void OPENSSL_sk_free(uint64_t stack)',
} as const;
type OpenSsl = Readonly<Record<keyof typeof prototypes, (...args: (bigint | number)[]) => bigint | number>>;

/** X509_PURPOSE_SSL_CLIENT */
const sslClient = 1;

/**
 * Reads a chain in DER and verifies it as a TLS client's, whenever it is called; `undefined` where koffi or the
 * functions cannot be had. Calling it throws where OpenSSL refuses the chain.
 */
export function opensslVerifier(chain: readonly Uint8Array[], root: Uint8Array): (() => void) | undefined {
  let koffi: Koffi;
  let openssl: OpenSsl;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const self = koffi.load(null);
    const functions = Object.entries(prototypes).map(([name, prototype]) => [name, self.func(prototype)]);
    openssl = Object.fromEntries(functions) as OpenSsl;
  } catch {
    return undefined;
  }
  // d2i_X509 wants the address of a pointer, which it moves on.
  const pointer = new BigUint64Array(1);
  const bytesOfPointer = new Uint8Array(pointer.buffer);
  const read = (der: Uint8Array): bigint | number => {
    pointer[0] = koffi.address(der);
    const certificate = openssl.d2i_X509(0, koffi.address(bytesOfPointer), der.length);
    if (!certificate) throw new Error('OpenSSL cannot read a certificate');
    return certificate;
  };
  const store = openssl.X509_STORE_new();
  openssl.X509_STORE_add_cert(store, read(Uint8Array.from(root)));
  const inputs = chain.map((der) => Uint8Array.from(der));
  return () => {
    const [leaf, ...others] = inputs.map(read);
    const untrusted = openssl.OPENSSL_sk_new_null();
    for (const other of others) openssl.OPENSSL_sk_push(untrusted, other);
    const ctx = openssl.X509_STORE_CTX_new();
    openssl.X509_STORE_CTX_init(ctx, store, leaf!, untrusted);
    openssl.X509_STORE_CTX_set_purpose(ctx, sslClient);
    const result = openssl.X509_verify_cert(ctx);
    openssl.X509_STORE_CTX_free(ctx);
    openssl.OPENSSL_sk_free(untrusted);
    for (const certificate of [leaf!, ...others]) openssl.X509_free(certificate);
    if (result !== 1) throw new Error('OpenSSL refuses the chain');
  };
}
