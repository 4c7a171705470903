import { createRequire } from 'node:module';

/** What is used of the package `koffi`, an optional peer. */
export interface Koffi {
  load(path: string): NativeLibrary;
  /** Where the bytes of a view lie. */
  address(view: ArrayBufferView): bigint;
}

export interface NativeLibrary {
  /** @throws where the library has no function of this name. */
  func(signature: string): (...args: readonly unknown[]) => unknown;
}

const requireFrom = createRequire(import.meta.url);

/** The file of the package, which threads and child processes load too; undefined where it is not installed. */
export function koffiFile(): string | undefined {
  try {
    return requireFrom.resolve('koffi');
  } catch {
    return undefined;
  }
}

export function loadKoffi(file: string): Koffi {
  return requireFrom(file) as Koffi;
}
