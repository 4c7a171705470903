import { statSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { temporaryFile, temporaryFolder } from '../../test/fixtures.ts';
import { readNpy } from './npy.ts';

function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.of(version, 0), length, text, data]);
}
const header = (descr: string, shape = '(2, 2)', order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
const bytes = (array: Float32Array | Float64Array | Uint16Array) => new Uint8Array(array.buffer);
const read = (content: Buffer) => readNpy(temporaryFile('x.npy', content));

describe('readNpy', () => {
  it.each([1, 2, 3])('reads floats of all widths, version %i', (version) => {
    const expected = { rows: 2, width: 2, values: Float64Array.of(1, -2.5, 0.125, 4) };
    expect(read(npy(header('<f8'), bytes(expected.values), version))).toEqual(expected);
    expect(read(npy(header('<f4'), bytes(Float32Array.from(expected.values)), version))).toEqual(expected);
    expect(read(npy(header('<f2'), bytes(Uint16Array.of(0x3c00, 0xc100, 0x3000, 0x4400)), version))).toEqual(expected);
  });

  it('reads the edges of half floats', () => {
    const data = bytes(Uint16Array.of(0x0001, 0x83ff, 0x7bff, 0x7c00));
    expect([...read(npy(header('<f2'), data)).values]).toEqual([
      ...[2 ** -24, -1023 * 2 ** -24, 65504, Number.POSITIVE_INFINITY],
    ]);
    expect(read(npy(header('<f2', '(1, 1)'), bytes(Uint16Array.of(0x7e00)))).values).toEqual(
      Float64Array.of(Number.NaN),
    );
  });

  it.each([
    [
      'another file',
      Buffer.from('item,a\n1,2,3'),
      'expected a NumPy file, which begins with \\x93NUMPY; got another file',
    ],
    ['one dimension', npy(header('<f4', '(4,)'), new Uint8Array(16)), 'expected an array of two dimensions; got {'],
    [
      'columns',
      npy(header('<f4', '(2, 2)', 'True'), new Uint8Array(16)),
      'expected rows one after another; got columns',
    ],
    ['integers', npy(header('<i8'), new Uint8Array(32)), 'expected floats: <f2, <f4 or <f8; got <i8'],
    ['a file that ends', npy(header('<f4'), new Uint8Array(12)), 'expected 16 bytes of 2 x 2 numbers; got 12'],
  ])('refuses %s', (_, content, message) => {
    expect(() => read(content)).toThrow(message);
  });

  it('takes a file of any size', () => {
    const path = temporaryFile('x.npy', npy(header('<f4'), new Uint8Array(16)));
    const { size } = statSync(path);
    // A hole: it takes no room, and is not read as it is too long for the header.
    truncateSync(path, size + 2 ** 32);
    expect(() => readNpy(path)).toThrow(`expected 16 bytes of 2 x 2 numbers; got ${16 + 2 ** 32}`);
  });

  it('says that a file is missing, or cannot be read', () => {
    const missing = expect.objectContaining({
      message: expect.stringContaining('readNpy: /nowhere/x.npy: expected a NumPy file; got ENOENT'),
      code: 'missing-file',
    });
    expect(() => readNpy('/nowhere/x.npy')).toThrow(missing);
    const folder = temporaryFolder();
    const unreadable = expect.objectContaining({
      message: expect.stringContaining(`readNpy: ${folder}: expected a NumPy file; got EISDIR`),
      code: 'unreadable-file',
    });
    expect(() => readNpy(folder)).toThrow(unreadable);
  });
});
