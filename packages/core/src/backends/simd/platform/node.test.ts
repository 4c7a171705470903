import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { platform } from './node.ts';

const { flags } = vi.hoisted(() => ({ flags: [] as string[] }));
vi.mock('node:v8', () => ({ setFlagsFromString: (flag: string) => flags.push(flag) }));

const EMPTY = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const BROKEN = Uint8Array.from([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0]);
const BEFORE = ['--no-experimental-wasm-revectorize', '--liftoff', '--wasm-lazy-compilation'];

describe('compiling kernels on Node', () => {
  const { execArgv } = process;
  beforeEach(() => {
    flags.length = 0;
  });
  afterEach(() => {
    process.execArgv = execArgv;
  });

  it.each(['revectorized', 'relaxed', 'plain'] as const)(
    'leaves V8 to compile other modules as before (%s)',
    async (variant) => {
      await platform.compile(EMPTY, variant);
      const wanted = variant === 'revectorized' ? '--experimental-wasm-revectorize' : BEFORE[0];
      expect(flags.slice(0, 3)).toEqual([wanted, '--no-liftoff', '--no-wasm-lazy-compilation']);
      expect(flags.slice(3)).toEqual(BEFORE);
    },
  );

  it('puts the flags back when the module does not compile', async () => {
    await expect(platform.compile(BROKEN, 'revectorized')).rejects.toThrow(WebAssembly.CompileError);
    expect(flags.slice(3)).toEqual(BEFORE);
  });

  it.each(['--experimental-wasm-revectorize', '--experimental_wasm_revectorize'])(
    'keeps revectorisation for others where Node was started with %s',
    async (flag) => {
      process.execArgv = [...execArgv, flag];
      await platform.compile(EMPTY, 'plain');
      expect(flags[0]).toBe('--no-experimental-wasm-revectorize');
      expect(flags[3]).toBe('--experimental-wasm-revectorize');
    },
  );
});
