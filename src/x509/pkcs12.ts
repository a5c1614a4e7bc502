import { readAlgorithm } from './algorithm.ts';
import { joinOctets, normalizeBer } from './ber.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { contextTag, type DerElement, DerReader, DerTag } from './der.ts';
import type { PasswordCrypto } from './password-crypto.ts';
import { decryptWithPassword, Pkcs12Error } from './password-encryption.ts';
import { verifyMac } from './pkcs12-mac.ts';
import { isSelfSigned, mayHaveIssued, sameBytes } from './verification/issuance.ts';

/** What a PKCS #12 file holds, a PFX (RFC 7292): as a rule an identity. */
export interface Pkcs12 {
  /** The first private key, as DER of PKCS #8; `undefined` where there is none. */
  readonly key: Uint8Array | undefined;
  /** The certificate of the key and those of the authorities above it, in order; without a key, none. */
  readonly chain: readonly Certificate[];
  /** All other certificates, in the order of the file. */
  readonly others: readonly Certificate[];
}

const Content = { data: '1.2.840.113549.1.7.1', encrypted: '1.2.840.113549.1.7.6' } as const;
const Bag = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;
const x509Certificate = '1.2.840.113549.1.9.22.1';
const localKeyId = '1.2.840.113549.1.9.21';

/** How deep bags may lie within bags. */
const deepestBag = 4;

/** A key or a certificate, with the identifier by which its other half is found. */
interface Bagged {
  readonly bytes: Uint8Array;
  readonly id: Uint8Array | undefined;
}

interface Safe {
  readonly password: string;
  readonly crypto: PasswordCrypto;
  readonly keys: Bagged[];
  readonly certificates: Bagged[];
}

/**
 * Reads a PKCS #12 file in BER or DER, and verifies its MAC where it has one. Throws `Pkcs12Error` where the password is
 * wrong (`mac verify failure`) or an algorithm unknown, and `DerError` where the file is none.
 */
export function readPkcs12(bytes: Uint8Array, password: string | undefined, crypto: PasswordCrypto): Pkcs12 {
  const file = new DerReader(normalizeBer(bytes), 'PKCS #12 file');
  const fields = file.end(file.sequence());
  if (fields.smallInteger() !== 3) fields.fail('another version than 3');
  const content = readContentInfo(fields);
  if (content.type !== Content.data) throw new Pkcs12Error(`unknown protection of integrity ${content.type}`);
  const authenticated = content.reader.octetString();
  const safe: Safe = { password: password ?? '', crypto, keys: [], certificates: [] };
  if (!fields.done && !verifyMac(fields.sequence('MAC of PKCS #12'), authenticated, safe.password, crypto)) {
    throw new Pkcs12Error('mac verify failure');
  }
  fields.end(undefined);
  const list = new DerReader(normalizeBer(authenticated), 'authenticated safe').sequence();
  while (!list.done) readSafeContents(contentOf(list, safe), safe, 0);
  return assemble(safe);
}

// RFC 5652 section 3: ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT ANY }
function readContentInfo(reader: DerReader): { readonly type: string; readonly reader: DerReader } {
  const info = reader.sequence('content info');
  const type = info.oid();
  return info.end({ type, reader: info.enter(contextTag(0)) });
}

/** The safe contents in the next ContentInfo, decrypted where they are encrypted. */
function contentOf(list: DerReader, safe: Safe): Uint8Array {
  const { type, reader } = readContentInfo(list);
  if (type === Content.data) return reader.octetString();
  if (type !== Content.encrypted) throw new Pkcs12Error(`unknown protection of privacy ${type}`);
  const data = reader.sequence('encrypted data');
  data.smallInteger();
  const info = data.sequence('encrypted content');
  if (info.oid() !== Content.data) info.fail('something else than data');
  const algorithm = readAlgorithm(info);
  return decryptWithPassword(algorithm, safe.password, implicitOctets(info), safe.crypto);
}

/** An OCTET STRING tagged [0] implicitly, in one piece or several. */
function implicitOctets(reader: DerReader): Uint8Array {
  const whole = reader.optional(contextTag(0, false));
  if (whole) return whole.content;
  const pieces = reader.enter(contextTag(0)).list((piece) => piece.element().whole);
  return new DerReader(joinOctets(pieces)).octetString();
}

function readSafeContents(bytes: Uint8Array, safe: Safe, depth: number): void {
  if (depth > deepestBag) throw new Pkcs12Error('bags are nested too deep');
  const list = new DerReader(normalizeBer(bytes), 'safe contents').sequence();
  while (!list.done) {
    const bag = list.sequence('safe bag');
    const type = bag.oid();
    const value = bag.enter(contextTag(0));
    const id = bag.done ? undefined : readKeyId(bag.expect(DerTag.set), bag);
    switch (type) {
      case Bag.key:
        safe.keys.push({ bytes: value.expect(DerTag.sequence).whole, id });
        break;
      case Bag.shroudedKey:
        safe.keys.push({ bytes: decryptKey(value, safe), id });
        break;
      case Bag.certificate:
        readCertificateBag(value, id, safe);
        break;
      case Bag.safeContents:
        readSafeContents(value.expect(DerTag.sequence).whole, safe, depth + 1);
        break;
      // CRLs and secrets are nothing to us.
    }
  }
}

// RFC 5958 section 3: EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm, encryptedData OCTET STRING }
function decryptKey(value: DerReader, { password, crypto }: Safe): Uint8Array {
  const fields = value.sequence('encrypted private key');
  const algorithm = readAlgorithm(fields);
  const decrypted = decryptWithPassword(algorithm, password, fields.octetString(), crypto);
  return new DerReader(decrypted, 'private key').expect(DerTag.sequence).whole;
}

function readCertificateBag(value: DerReader, id: Uint8Array | undefined, safe: Safe): void {
  const fields = value.sequence('certificate bag');
  if (fields.oid() === x509Certificate) {
    safe.certificates.push({ bytes: fields.enter(contextTag(0)).octetString(), id });
  }
}

/** The localKeyID among the attributes of a bag. */
function readKeyId(attributes: DerElement, bag: DerReader): Uint8Array | undefined {
  const list = bag.inside(attributes, 'attributes of a bag');
  let id: Uint8Array | undefined;
  while (!list.done) {
    const attribute = list.sequence();
    const type = attribute.oid();
    const values = attribute.enter(DerTag.set);
    if (type === localKeyId) id = values.octetString();
  }
  return id;
}

/** Puts the certificates in order: the key's, those above it, and the rest. */
function assemble({ keys, certificates, crypto }: Safe): Pkcs12 {
  const read = certificates.map(({ bytes, id }) => ({ certificate: readCertificate(bytes), id }));
  const key = keys[0];
  if (key === undefined) return { key: undefined, chain: [], others: read.map(({ certificate }) => certificate) };
  const spki = crypto.publicKeyOf(key.bytes);
  const own =
    read.find(({ certificate }) => spki && sameBytes(certificate.publicKey.spki, spki)) ??
    read.find(({ id }) => id && key.id && sameBytes(id, key.id));
  let others = read.filter((entry) => entry !== own).map(({ certificate }) => certificate);
  const chain: Certificate[] = own ? [own.certificate] : [];
  for (let last = own?.certificate; last && !isSelfSigned(last); last = chain[chain.length - 1]) {
    const subject = last;
    const issuer = others.find((candidate) => mayHaveIssued(candidate, subject));
    if (issuer === undefined) break;
    chain.push(issuer);
    others = others.filter((certificate) => certificate !== issuer);
  }
  return { key: key.bytes, chain, others };
}
