import { readFileSync } from 'node:fs';
import { DataError } from '../errors.ts';

const MAGIC = '\x93NUMPY';
const operation = 'readNpy';

/** A matrix of numbers. */
export interface NpyMatrix {
  readonly rows: number;
  readonly width: number;
  /** Row-major. */
  readonly values: Float64Array;
}

/**
 * Reads a two-dimensional array of floats from a NumPy file, rows one after another (`<f2`, `<f4`, `<f8`).
 *
 * Source: NEP 1, versions 1 to 3 of the format.
 *
 * @throws {DataError} for anything else, and for a file that ends too early
 */
export function readNpy(path: string): NpyMatrix {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw wrong(path, 'missing-file', 'a NumPy file', (error as Error).message);
  }
  if (bytes.length < 10 || bytes.toString('latin1', 0, 6) !== MAGIC)
    throw wrong(path, 'bad-npy', 'a NumPy file, which begins with \\x93NUMPY', 'another file');
  const isLong = bytes[6] >= 2;
  const begin = isLong ? 12 : 10;
  const length = isLong ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const header = bytes.toString(bytes[6] >= 3 ? 'utf8' : 'latin1', begin, begin + length);
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(header);
  if (shape === null) throw wrong(path, 'bad-npy', 'an array of two dimensions', header.trim());
  if (/'fortran_order':\s*True/.test(header))
    throw wrong(path, 'bad-npy', 'rows one after another', 'columns one after another; save np.ascontiguousarray(x)');
  const width = { '<f2': 2, '<f4': 4, '<f8': 8 }[type ?? ''];
  if (width === undefined) throw wrong(path, 'bad-npy', 'floats: <f2, <f4 or <f8', type ?? header.trim());
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  const at = begin + length;
  if (bytes.length - at !== rows * columns * width)
    throw wrong(
      path,
      'bad-npy',
      `${rows * columns * width} bytes of ${rows} x ${columns} numbers`,
      `${bytes.length - at}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const read = { 2: halfAt, 4: (i: number) => view.getFloat32(i, true), 8: (i: number) => view.getFloat64(i, true) }[
    width as 2 | 4 | 8
  ];
  return { rows, width: columns, values: Float64Array.from({ length: rows * columns }, (_, i) => read(i * width)) };

  function halfAt(i: number): number {
    const bits = view.getUint16(i, true);
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
}

function wrong(file: string, code: string, expected: string, got: string): DataError {
  return new DataError(operation, `expected ${expected}; got ${got}`, { code, file });
}
