import { availableParallelism } from 'node:os';
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

describe('threads where none are asked for', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['1', '3', '64'])('are as many as SEQREC_THREADS says: %s', (wanted) => {
    vi.stubEnv('SEQREC_THREADS', wanted);
    expect(platform.threads()).toEqual({ count: Number(wanted) });
  });

  it.each(['', undefined])('are one for each core without it: %s', (wanted) => {
    vi.stubEnv('SEQREC_THREADS', wanted);
    expect(platform.threads()).toEqual({ count: Math.min(16, availableParallelism()) });
  });

  it.each(['0', '65', '1.5', '-1', 'two', ' '])('are not %j', (wanted) => {
    vi.stubEnv('SEQREC_THREADS', wanted);
    expect(() => platform.threads()).toThrow(
      `simd: expected SEQREC_THREADS to be a whole number from 1 to 64; got ${wanted}`,
    );
  });
});
