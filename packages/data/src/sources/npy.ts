import { readFileSync } from 'node:fs';
import { DataError } from '../errors.ts';
import { fromFloat16 } from '../float16.ts';

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
  // A copy begins at a multiple of every width.
  const { buffer } = Uint8Array.from(bytes.subarray(at));
  const values = { 2: halves, 4: singles, 8: doubles }[width as 2 | 4 | 8](buffer);
  return { rows, width: columns, values };
}

const halves = (buffer: ArrayBuffer): Float64Array => Float64Array.from(fromFloat16(new Uint16Array(buffer)));
const singles = (buffer: ArrayBuffer): Float64Array => Float64Array.from(new Float32Array(buffer));
const doubles = (buffer: ArrayBuffer): Float64Array => new Float64Array(buffer);

function wrong(file: string, code: string, expected: string, got: string): DataError {
  return new DataError(operation, `expected ${expected}; got ${got}`, { code, file });
}
