import { type DerReader, DerTag } from './der.ts';

/** Digits of the year by the form of a time. */
const yearDigits: Readonly<Record<number, number>> = { [DerTag.utcTime]: 2, [DerTag.generalizedTime]: 4 };

/**
 * Reads a Time in the form that RFC 5280 sections 4.1.2.5 and 5.1.2.4 want: in UTC, with seconds, without fractions.
 * Two digits of a year mean 1950 to 2049. Throws `DerError`. Makes no text, since a CRL may have a million of them.
 */
export function readTime(reader: DerReader): Date {
  const { tag, content } = reader.element();
  const digits = yearDigits[tag] ?? reader.fail('no time');
  if (content.length !== digits + 11 || content[digits + 10] !== zulu) reader.fail(wrongForm);
  const year = readDigits(content, 0, digits) ?? reader.fail(wrongForm);
  const fullYear = digits === 4 ? year : year < 50 ? 2000 + year : 1900 + year;
  const pair = (index: number): number => readDigits(content, digits + 2 * index, 2) ?? reader.fail(wrongForm);
  const [month, day, hour, minute, second] = [pair(0), pair(1), pair(2), pair(3), pair(4)];
  const time = new Date(0);
  time.setUTCFullYear(fullYear, month - 1, day);
  time.setUTCHours(hour, minute, second);
  // Date goes on to the next month, day or hour where a number is too large.
  const isPossible = hour < 24 && minute < 60 && second < 60;
  if (!isPossible || time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) reader.fail('an impossible time');
  return time;
}

const wrongForm = 'a time in another form than RFC 5280 wants';
/** The Z at the end. */
const zulu = 0x5a;

/** A number in decimal digits, or `undefined` where one of them is none. */
function readDigits(bytes: Uint8Array, at: number, count: number): number | undefined {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether a reader's next element is a Time. */
export const isTime = (reader: DerReader): boolean => reader.tag !== undefined && reader.tag in yearDigits;
