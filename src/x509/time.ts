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

/** Days of the months; of February's 29, one is there in leap years alone. */
const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether `readTime` would read an element's content. Makes no object. */
export function isTimeAt(bytes: Uint8Array, tag: number, at: number, end: number): boolean {
  const digits = yearDigits[tag];
  if (digits === undefined || end - at !== digits + 11 || bytes[end - 1] !== zulu) return false;
  for (let i = at; i < end - 1; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false;
  const pair = (index: number): number => bytes[at + 2 * index]! * 10 + bytes[at + 2 * index + 1]! - 11 * 0x30;
  const first = digits / 2;
  const [month, day] = [pair(first), pair(first + 1)];
  if (day < 1 || day > (days[month - 1] ?? 0) || pair(first + 2) > 23) return false;
  if (pair(first + 3) > 59 || pair(first + 4) > 59) return false;
  if (month !== 2 || day < 29) return true;
  const year = pair(first - 1);
  // Of the years that two digits tell, 2000 is a leap year, too.
  const century = digits === 4 ? pair(0) : 20;
  return (year === 0 ? century : year) % 4 === 0;
}

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
