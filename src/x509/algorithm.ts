import { contextTag, DerReader, DerTag } from './der.ts';
import { type HashName, HashOid, hashNameOf } from './oids.ts';

/** An AlgorithmIdentifier (RFC 5280 section 4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The DER of the parameters with tag and length; `undefined` if there are none. */
  readonly parameters: Uint8Array | undefined;
}

/** Reads an AlgorithmIdentifier. Throws `DerError`. */
export function readAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const inner = reader.sequence('algorithm identifier');
  const oid = inner.oid();
  return inner.done ? { oid, parameters: undefined } : inner.end({ oid, parameters: inner.element().whole });
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); hash functions that we do not know are `undefined`. */
export interface PssParameters {
  readonly hash: HashName | undefined;
  /** The hash function of the mask generation function MGF1; `undefined` also for another function. */
  readonly maskHash: HashName | undefined;
  /** In bytes. */
  readonly saltLength: number;
}

/** Reads RSASSA-PSS-params, whose fields default to SHA-1 and a salt of 20 bytes. Throws `DerError`. */
export function readPssParameters(parameters: Uint8Array): PssParameters {
  const reader = new DerReader(parameters, 'RSASSA-PSS parameters');
  const fields = reader.end(reader.sequence());
  const hash = fields.tag === contextTag(0) ? hashOf(readAlgorithm(fields.enter(contextTag(0)))) : 'sha1';
  const maskHash = fields.tag === contextTag(1) ? maskHashOf(readAlgorithm(fields.enter(contextTag(1)))) : 'sha1';
  const saltLength = fields.tag === contextTag(2) ? fields.enter(contextTag(2)).smallInteger() : 20;
  const trailer = fields.tag === contextTag(3) ? fields.enter(contextTag(3)).smallInteger() : 1;
  if (trailer !== 1) fields.fail('an unknown trailer field');
  return fields.end({ hash, maskHash, saltLength });
}

const hashOf = (algorithm: AlgorithmIdentifier): HashName | undefined => hashNameOf(algorithm.oid);

function maskHashOf({ oid, parameters }: AlgorithmIdentifier): HashName | undefined {
  return oid === HashOid.mgf1 && parameters?.[0] === DerTag.sequence
    ? hashOf(readAlgorithm(new DerReader(parameters, 'MGF1 parameters')))
    : undefined;
}
