import { type GeneralName, readGeneralName } from './certificate-extensions.ts';
import { contextTag, DerReader } from './der.ts';

/** One subtree of names (RFC 5280 section 4.2.1.10). Of an address, the bytes are the address and its mask. */
export interface NameSubtree {
  readonly base: GeneralName;
  /** Whether it has a minimum other than 0, or a maximum: RFC 5280 has no use for either. */
  readonly bounded: boolean;
}

/** NameConstraints: which names certificates below an authority may have. */
export interface NameConstraints {
  readonly permitted: readonly NameSubtree[];
  readonly excluded: readonly NameSubtree[];
}

/** Reads NameConstraints, which must constrain something. Throws `DerError`. */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const reader = new DerReader(value, 'nameConstraints');
  const fields = reader.end(reader.sequence());
  const subtrees = (number: number): NameSubtree[] | undefined => {
    const element = fields.optional(contextTag(number));
    if (element === undefined) return undefined;
    const list = fields.inside(element).list(readSubtree);
    if (list.length === 0) fields.fail('an empty list of subtrees');
    return list;
  };
  const [permitted, excluded] = [subtrees(0), subtrees(1)];
  if (permitted === undefined && excluded === undefined) fields.fail('no subtree');
  return fields.end({ permitted: permitted ?? [], excluded: excluded ?? [] });
}

function readSubtree(reader: DerReader): NameSubtree {
  const fields = reader.sequence();
  const base = readGeneralName(fields.element());
  const minimum = fields.optional(contextTag(0, false));
  const maximum = fields.optional(contextTag(1, false));
  const aboveZero = minimum !== undefined && fields.minimalInteger(minimum.content).some((byte) => byte !== 0);
  return fields.end({ base, bounded: aboveZero || maximum !== undefined });
}
