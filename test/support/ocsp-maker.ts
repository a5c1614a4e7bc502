import { type KeyObject, sign } from 'node:crypto';
import { ocspCrypto } from '../../src/crypto/node/certificate-signatures.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { contextTag, DerTag } from '../../src/x509/der.ts';
import {
  der,
  derBitString,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derString,
} from '../../src/x509/der-writer.ts';
import { HashOid, OcspOid, SignatureOid } from '../../src/x509/oids.ts';

/** What an OCSP response is to be. Whoever signs it has a P-256 key. */
export interface OcspSpecification {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly responder: { readonly certificate: Certificate; readonly key: KeyObject };
  /** The other certificate whose name the responder says that it has. */
  readonly named?: Certificate;
  /** By default good. */
  readonly statuses?: readonly ('good' | 'revoked' | 'unknown')[];
  readonly thisUpdate?: Date;
  /** `null` leaves it out. */
  readonly nextUpdate?: Date | null;
  readonly nonce?: Uint8Array;
  /** Whole extensions of the response. */
  readonly extensions?: readonly Uint8Array[];
  readonly certificates?: readonly Certificate[];
}

const generalizedTime = (time: Date): Uint8Array =>
  derString(time.toISOString().replace(/\.\d+|[-:T]/g, ''), DerTag.generalizedTime);

/** Makes and signs an OCSP response, in DER. */
export function makeOcspResponse(specification: OcspSpecification): Uint8Array {
  const { certificate, issuer, responder, statuses = ['good'], nonce, extensions = [] } = specification;
  const now = Date.now();
  const { thisUpdate = new Date(now - 60_000), nextUpdate = new Date(now + 3_600_000) } = specification;
  const id = derSequence(
    derSequence(derOid(HashOid.sha1), derNull()),
    derOctetString(ocspCrypto.hash('sha1', certificate.issuer.der)),
    derOctetString(ocspCrypto.hash('sha1', issuer.publicKey.key)),
    der(DerTag.integer, certificate.serial),
  );
  const tags = { good: contextTag(0, false), revoked: contextTag(1), unknown: contextTag(2, false) };
  const answers = statuses.map((status) =>
    derSequence(
      id,
      der(tags[status], ...(status === 'revoked' ? [generalizedTime(thisUpdate)] : [])),
      generalizedTime(thisUpdate),
      ...(nextUpdate ? [der(contextTag(0), generalizedTime(nextUpdate))] : []),
    ),
  );
  const all = [
    ...(nonce ? [derSequence(derOid(OcspOid.nonce), derOctetString(derOctetString(nonce)))] : []),
    ...extensions,
  ];
  const tbs = derSequence(
    der(contextTag(1), (specification.named ?? responder.certificate).subject.der),
    generalizedTime(new Date(now)),
    derSequence(...answers),
    ...(all.length > 0 ? [der(contextTag(1), derSequence(...all))] : []),
  );
  const certificates = specification.certificates ?? [responder.certificate];
  const basic = derSequence(
    tbs,
    derSequence(derOid(SignatureOid.ecdsaSha256)),
    derBitString(sign('sha256', tbs, responder.key)),
    ...(certificates.length > 0 ? [der(contextTag(0), derSequence(...certificates.map((entry) => entry.der)))] : []),
  );
  return derSequence(
    der(DerTag.enumerated, Uint8Array.of(0)),
    der(contextTag(0), derSequence(derOid(OcspOid.basic), derOctetString(basic))),
  );
}
