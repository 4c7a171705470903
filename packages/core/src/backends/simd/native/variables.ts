import { isMainThread } from 'node:worker_threads';
import type { Koffi } from './koffi.ts';
import { ONE_THREAD, type Variables } from './probe.ts';

/**
 * Loads a library while variables are set, where they are not: libraries read how many threads they start, and which
 * kernels they take, when they are loaded. The first thread that loads it decides for all.
 */
export function withVariables<T>(koffi: Koffi, variables: Variables, load: () => T): T {
  const all: Variables = { ...ONE_THREAD, ...variables };
  const added = Object.keys(all).filter((name) => process.env[name] === undefined);
  const { set, remove } = isMainThread ? ofProcess : (ofLibc(koffi) ?? ofProcess);
  for (const name of added) set(name, all[name]);
  try {
    return load();
  } finally {
    for (const name of added) remove(name);
  }
}

interface Setting {
  set(name: string, value: string): void;
  remove(name: string): void;
}

const ofProcess: Setting = {
  set: (name, value) => {
    process.env[name] = value;
  },
  remove: (name) => {
    delete process.env[name];
  },
};

/** `process.env` of another thread is a copy, which no library sees: there the C library sets them. */
function ofLibc(koffi: Koffi): Setting | undefined {
  try {
    const libc = koffi.load('libc.so.6');
    const setenv = libc.func('int setenv(const char *, const char *, int)');
    const unsetenv = libc.func('int unsetenv(const char *)');
    return { set: (name, value) => void setenv(name, value, 1), remove: (name) => void unsetenv(name) };
  } catch {
    return undefined;
  }
}
