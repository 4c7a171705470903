import { fstatSync } from 'node:fs';
import { DataError } from '../errors.ts';
import { readBytes, withFile } from '../file-bytes.ts';
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
  try {
    return withFile(path, (file) => readMatrix(path, file));
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw wrong(path, code === 'ENOENT' ? 'missing-file' : 'unreadable-file', 'a NumPy file', message);
  }
}

function readMatrix(path: string, file: number): NpyMatrix {
  const { size } = fstatSync(file);
  const start = Buffer.from(readBytes(file, 0, 12));
  if (start.length < 12 || start.toString('latin1', 0, 6) !== MAGIC)
    throw wrong(path, 'bad-npy', 'a NumPy file, which begins with \\x93NUMPY', 'another file');
  const begin = start[6] >= 2 ? 12 : 10;
  const at = begin + (start[6] >= 2 ? start.readUInt32LE(8) : start.readUInt16LE(8));
  const header = Buffer.from(readBytes(file, begin, Math.min(at, size))).toString(start[6] >= 3 ? 'utf8' : 'latin1');
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(header);
  if (shape === null) throw wrong(path, 'bad-npy', 'an array of two dimensions', header.trim());
  if (/'fortran_order':\s*True/.test(header))
    throw wrong(path, 'bad-npy', 'rows one after another', 'columns one after another; save np.ascontiguousarray(x)');
  const width = { '<f2': 2, '<f4': 4, '<f8': 8 }[type ?? ''];
  if (width === undefined) throw wrong(path, 'bad-npy', 'floats: <f2, <f4 or <f8', type ?? header.trim());
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  const length = rows * columns * width;
  if (size - at !== length)
    throw wrong(path, 'bad-npy', `${length} bytes of ${rows} x ${columns} numbers`, `${size - at}`);
  const { buffer } = readBytes(file, at, size);
  const values = { 2: halves, 4: singles, 8: doubles }[width as 2 | 4 | 8](buffer);
  return { rows, width: columns, values };
}

const halves = (buffer: ArrayBuffer): Float64Array => new Float64Array(fromFloat16(new Uint16Array(buffer)));
const singles = (buffer: ArrayBuffer): Float64Array => new Float64Array(new Float32Array(buffer));
const doubles = (buffer: ArrayBuffer): Float64Array => new Float64Array(buffer);

function wrong(file: string, code: string, expected: string, got: string): DataError {
  return new DataError(operation, `expected ${expected}; got ${got}`, { code, file });
}
