import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { fileSpill } from './file-spill.ts';

it('gives back what was written, uses holes again, and leaves no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-spill-'));
  const path = join(folder, 'deep', 'spill.bin');
  const spill = await fileSpill(path);
  const values = (length: number, from: number) => Float32Array.from({ length }, (_, i) => from + i / 7);
  await spill.write('a', values(100, 1));
  await spill.write('b', values(50, 2));
  expect(await spill.read('a')).toEqual(values(100, 1));
  expect(await spill.read('b')).toEqual(values(50, 2));
  spill.remove('a');
  expect(await spill.read('a')).toBeUndefined();
  await spill.write('c', values(60, 3));
  await spill.write('d', values(40, 4));
  expect(await spill.read('c')).toEqual(values(60, 3));
  expect(await spill.read('d')).toEqual(values(40, 4));
  expect(statSync(path).size).toBe(4 * 150);
  await spill.write('b', values(10, 5));
  expect(await spill.read('b')).toEqual(values(10, 5));
  await spill.close();
  expect(() => statSync(path)).toThrow();
  rmSync(folder, { recursive: true });
});

it('writes on where the system takes a part, so that nothing of who was there before comes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-spill-'));
  const spill = await fileSpill(join(folder, 'spill.bin'));
  await spill.write('a', new Float32Array(100).fill(1));
  spill.remove('a');
  const other = await open(join(folder, 'other'), 'w');
  const handles = Object.getPrototypeOf(other) as typeof other;
  const write = handles.write as (bytes: Uint8Array, ...place: number[]) => Promise<{ bytesWritten: number }>;
  const partly = vi.spyOn(handles, 'write').mockImplementation(function (this: unknown, bytes, at, length, position) {
    return write.call(this, bytes, at, Math.ceil(length / 2), position);
  } as typeof write as typeof other.write);
  await spill.write('b', new Float32Array(100).fill(2)).finally(() => partly.mockRestore());
  expect(await spill.read('b')).toEqual(new Float32Array(100).fill(2));
  await Promise.all([spill.close(), other.close()]);
  rmSync(folder, { recursive: true });
});

it('takes the place again of what could not be written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-spill-'));
  const path = join(folder, 'spill.bin');
  const spill = await fileSpill(path);
  const other = await open(join(folder, 'other'), 'w');
  const full = vi.spyOn(Object.getPrototypeOf(other) as typeof other, 'write').mockRejectedValue(new Error('ENOSPC'));
  await expect(spill.write('a', new Float32Array(100)))
    .rejects.toThrow('ENOSPC')
    .finally(() => full.mockRestore());
  expect(await spill.read('a')).toBeUndefined();
  await spill.write('b', new Float32Array(100).fill(2));
  expect(await spill.read('b')).toEqual(new Float32Array(100).fill(2));
  expect(statSync(path).size).toBe(4 * 100);
  await Promise.all([spill.close(), other.close()]);
  rmSync(folder, { recursive: true });
});
