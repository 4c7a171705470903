import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import CRC32C from 'crc-32/crc32c.js';
import { expect, test } from 'vitest';
import { frameRecord, TensorBoardWriter } from './tensorboard.ts';
import { readTensorBoard } from './tensorboard-reader.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'seqrec-events-'));

test('the checksum is CRC-32C, masked as TFRecord asks', () => {
  expect(CRC32C.str('123456789') >>> 0).toBe(0xe3069283);
  // The first twelve bytes of every events file that TensorFlow writes: a 24-byte version record.
  expect([...frameRecord(new Uint8Array(24)).subarray(0, 12)]).toEqual([
    24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22,
  ]);
});

test('what is written is read back', () => {
  const writer = new TensorBoardWriter(folder(), { now: () => 1700000000.25 });
  writer.scalars(1, { 'train/loss': 4.5 });
  writer.scalars(3_000_000_000, { 'validation/HR@10': 0.25, 'validation/MRR': 0.125 });
  writer.close();
  expect(readTensorBoard(readFileSync(writer.file))).toEqual([
    { wallTime: 1700000000.25, step: 0, fileVersion: 'brain.Event:2', scalars: {} },
    { wallTime: 1700000000.25, step: 1, scalars: { 'train/loss': 4.5 } },
    { wallTime: 1700000000.25, step: 3_000_000_000, scalars: { 'validation/HR@10': 0.25, 'validation/MRR': 0.125 } },
  ]);
});

test('a resumed run opens a second file that starts a session', () => {
  const runs = folder();
  const now = () => 1700000000;
  const first = new TensorBoardWriter(runs, { now });
  const second = new TensorBoardWriter(runs, { now, resumeStep: 48 });
  first.close();
  second.close();
  expect(second.file).not.toBe(first.file);
  expect(second.file > first.file).toBe(true);
  expect(readTensorBoard(readFileSync(second.file))[1]).toMatchObject({ step: 48, sessionStart: true });
});

test('a torn last record is left out, a flipped bit is an error', () => {
  const writer = new TensorBoardWriter(folder());
  writer.scalars(1, { loss: 1 });
  writer.close();
  const bytes = readFileSync(writer.file);
  expect(readTensorBoard(bytes.subarray(0, bytes.length - 3))).toHaveLength(1);
  bytes[bytes.length - 6] ^= 1;
  expect(() => readTensorBoard(bytes)).toThrow('fails its checksum');
});
