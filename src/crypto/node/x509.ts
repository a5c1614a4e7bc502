import { X509Certificate } from 'node:crypto';

export type { X509Certificate } from 'node:crypto';

/** Node's own view of a certificate in DER. Do not ask it for `toLegacyObject`, which crashes on some curves. */
export const nodeCertificate = (der: Uint8Array): X509Certificate => new X509Certificate(der);
