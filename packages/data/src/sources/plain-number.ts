const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/**
 * The value of `12` or `3.5`: digits, at most 15, with a point between two of them; NaN for any other text.
 *
 * Equal to `Number(text)` bit for bit, as digits and power of ten are exact and their quotient is rounded once, without
 * the general parser: it costs as much as reading the rest of a row.
 */
export function plainNumber(text: string): number {
  const { length } = text;
  if (length === 0 || length > 16) return Number.NaN;
  let value = 0;
  let point = -1;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === -2 && point < 0 && i > 0 && i + 1 < length) point = i;
    else return Number.NaN;
  }
  if (point < 0) return length <= 15 ? value : Number.NaN;
  return value / powersOfTen[length - 1 - point];
}

const written = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/**
 * The value of a decimal number such as `-3`, `.5` or `1e-3`; NaN for any other text, `0x10` and `Infinity` among them.
 */
export function decimal(text: string): number {
  const plain = plainNumber(text);
  return plain >= 0 ? plain : written.test(text) ? Number(text) : Number.NaN;
}

/** 1 and 0 of `true` and `False`, as programs write columns of truth values; NaN for any other text. */
export function truth(text: string): number {
  if (text.length > 5) return Number.NaN;
  const word = text.toLowerCase();
  return word === 'true' ? 1 : word === 'false' ? 0 : Number.NaN;
}
