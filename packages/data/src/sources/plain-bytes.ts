const digit0 = 48;
const point = 46;
const [blank, dash, colon, letterT] = [32, 45, 58, 84];
const powersOfTen = Array.from({ length: 16 }, (_, exponent) => Number(`1e${exponent}`));

/** `smallInteger` of the interner, of bytes: the value of `0`, `17` with at most 7 digits; -1 for any other text. */
export function smallIntegerAt(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length === 0 || length > 7 || (length > 1 && bytes[from] === digit0)) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - digit0;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** `plainNumber` of bytes, with the same result bit for bit. */
export function plainNumberAt(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length === 0 || length > 16) return Number.NaN;
  let value = 0;
  let pointAt = -1;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - digit0;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[i] === point && pointAt < 0 && i > from && i + 1 < to) pointAt = i;
    else return Number.NaN;
  }
  if (pointAt < 0) return length <= 15 ? value : Number.NaN;
  return value / powersOfTen[to - 1 - pointAt];
}

/** Days before the first of each month, and of each month, of a year without a leap day. */
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Seconds since 1970 of `2011-03-13 07:06:40`, with a blank or a T, in UTC; NaN for any other way to write a date. */
export function isoSecondsAt(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 19) return Number.NaN;
  const between = bytes[from + 10];
  const dashes = bytes[from + 4] === dash && bytes[from + 7] === dash;
  const colons = bytes[from + 13] === colon && bytes[from + 16] === colon;
  if (!dashes || !colons || (between !== blank && between !== letterT)) return Number.NaN;
  const [year, month, day] = [digitsAt(bytes, from, 4), digitsAt(bytes, from + 5, 2), digitsAt(bytes, from + 8, 2)];
  const hour = digitsAt(bytes, from + 11, 2);
  const minute = digitsAt(bytes, from + 14, 2);
  const second = digitsAt(bytes, from + 17, 2);
  // Leap days and seconds, and what no calendar has, are left to the calendar.
  const usual = year >= 1970 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf[month - 1];
  if (!usual || !(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const leapDays = Math.floor((year - 1969) / 4) + (year % 4 === 0 && month > 2 ? 1 : 0);
  const days = (year - 1970) * 365 + leapDays + daysBefore[month - 1] + day - 1;
  return days * 86_400 + hour * 3600 + minute * 60 + second;
}

/** NaN where one is no digit. */
function digitsAt(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = bytes[i] - digit0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
