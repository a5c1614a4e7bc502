import { type DerReader, DerTag } from './der.ts';

type Fields = [number, number, number, number, number, number];

const forms: Readonly<Record<number, RegExp>> = {
  [DerTag.utcTime]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [DerTag.generalizedTime]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
};

/**
 * Reads a Time in the form that RFC 5280 sections 4.1.2.5 and 5.1.2.4 want: in UTC, with seconds, without fractions.
 * Two digits of a year mean 1950 to 2049. Throws `DerError`.
 */
export function readTime(reader: DerReader): Date {
  const { tag, content } = reader.element();
  const form = forms[tag] ?? reader.fail('no time');
  const text = Buffer.from(content).toString('latin1');
  const match = form.exec(text) ?? reader.fail('a time in another form than RFC 5280 wants');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as Fields;
  const fullYear = tag === DerTag.generalizedTime ? year : year < 50 ? 2000 + year : 1900 + year;
  const iso = `${pad(fullYear, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}.000Z`;
  const time = new Date(iso);
  // A day that the month has not is moved or refused by Date, according to which it is.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) reader.fail(`an impossible time ${text}`);
  return time;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** Whether a reader's next element is a Time. */
export const isTime = (reader: DerReader): boolean => reader.tag !== undefined && reader.tag in forms;
