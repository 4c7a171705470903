// The module's surface.
import { setScratch as setThreadScratch } from './env';
import { findConstants, writeConstants } from './math';
import { WIDE_FLAG, setWide } from './micro-wide';

export { failed, help, post, runSerial, work } from './queue';

export function setScratch(address: usize): void {
  setThreadScratch(address);
  findConstants();
  setWide(load<i32>(WIDE_FLAG) != 0);
}

/** Prepares the shared memory; the main thread calls it once, before any thread calls `setScratch`. */
export function setup(wide: bool): void {
  writeConstants();
  store<i32>(WIDE_FLAG, wide);
}
