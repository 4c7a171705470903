import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileLibrary, hasCompiler, MULTIPLY, productOf } from '../../../../test/native-library.ts';
import { BackendError } from '../../../errors.ts';
import { findLibrary } from './find-library.ts';
import { koffiFile, loadKoffi } from './koffi.ts';
import { openLibrary } from './open-library.ts';
import type { Child, RunChild, Variables } from './probe.ts';
import type { Verdict } from './probe-program.ts';

// A machine may tell its OpenBLAS the processor, which is obeyed; here it is told by the tests alone.
beforeAll(() => void vi.stubEnv('OPENBLAS_CORETYPE', undefined));
afterAll(() => void vi.unstubAllEnvs());

/** Where a child answers for all libraries that it is given. */
const answers = (verdicts: readonly (Verdict | 'killed')[], end: Partial<Child> = {}) => {
  let next = 0;
  return (_: string, paths: readonly string[]): Child => {
    let stdout = 'what a library prints';
    for (let index = 0; index < paths.length; index++) {
      const verdict = verdicts[next++];
      if (verdict === 'killed') return { stdout, signal: 'SIGILL', status: null, timedOut: false, ...end };
      stdout += `\n\u0001${JSON.stringify({ index, verdict })}\n`;
      if (verdict.kind === 'good') break;
    }
    return { stdout, signal: null, status: 0, timedOut: false };
  };
};

describe('finding a library', () => {
  const koffi = () => 'koffi.js';
  const good: Verdict = { kind: 'good', version: 'OpenBLAS 1', core: 'Zen' };
  const absent: Verdict = { kind: 'unloadable', why: 'no such file' };
  const libraries = ['one.so', 'two.so', 'three.so'];

  it('takes the first usual one that is good, and goes on after one that kills the child', () => {
    const find = (...verdicts: (Verdict | 'killed')[]) =>
      findLibrary('auto', { libraries, koffi, run: answers(verdicts) });
    const two = { koffi: 'koffi.js', path: 'two.so', version: 'OpenBLAS 1', core: 'Zen', variables: {} };
    expect(find(absent, good)).toEqual(two);
    expect(find('killed', { kind: 'wide-integers' }, good)).toMatchObject({ path: 'three.so' });
    expect(find(absent, 'killed', absent)).toEqual({
      missing:
        'blas: expected a library with cblas_sgemm; got two.so, which ends the process by SIGILL, an instruction that this processor does not have; take another one, or tell it the processor, as in OPENBLAS_CORETYPE=HASWELL',
    });
    expect(find(absent, absent, absent)).toEqual({
      missing:
        'blas: expected a library with cblas_sgemm; none of the usual ones can be loaded; install one, as in `apt-get install libopenblas0-pthread`, or name its file',
    });
  });

  it('says of a path that it hangs, or how else it ended the child', () => {
    const find = (end: Partial<Child>) => () => findLibrary('/a.so', { koffi, run: answers(['killed'], end) });
    expect(find({ timedOut: true })).toThrow('got /a.so, which does not come back within 60 seconds; take');
    expect(find({ signal: null, status: 3 })).toThrow('got /a.so, which ends the process with status 3; take');
    expect(find({ signal: 'SIGSEGV' })).toThrow('got /a.so, which ends the process by SIGSEGV; take');
  });

  it('needs koffi, and does without where nothing was named', () => {
    const none = { koffi: () => undefined, run: answers([]) };
    const message = 'blas: expected the package koffi, which loads libraries; it is not installed; npm install koffi';
    expect(findLibrary('auto', none)).toEqual({ missing: message });
    expect(() => findLibrary('/a.so', none)).toThrow(new BackendError(message));
  });
});

describe('OpenBLAS on a processor that it does not know', () => {
  const wide = 'flags : avx2 fma avx512f avx512bw avx512vl';
  const core = (name: string): Verdict => ({ kind: 'good', version: 'OpenBLAS 0.3.21', core: name });

  /** What is found where the library takes `own` by itself and `named` when it is told; and what it was told. */
  const find = (own: Verdict, named: Verdict | 'killed', features: string, told?: string) => {
    const asked: (Variables | undefined)[] = [];
    const children = [answers([own]), answers([named])];
    const run: RunChild = (koffi, paths, variables) => {
      asked.push(variables);
      return children[asked.length - 1](koffi, paths);
    };
    const found = findLibrary('/a.so', { koffi: () => 'koffi.js', run, features, told });
    if (!('core' in found)) throw new Error(found.missing);
    return { core: found.core, variables: found.variables, asked: asked.slice(1) };
  };

  it('is told the widest kernels that the processor can run, where they multiply rightly', () => {
    const skylake = { OPENBLAS_CORETYPE: 'SKYLAKEX' };
    expect(find(core('Prescott'), core('SkylakeX'), wide)).toEqual({
      core: 'SkylakeX',
      variables: skylake,
      asked: [skylake],
    });
    const haswell = { OPENBLAS_CORETYPE: 'HASWELL' };
    const narrow = find(core('Prescott'), core('Haswell'), 'flags : avx2 fma avx512f');
    expect(narrow).toEqual({ core: 'Haswell', variables: haswell, asked: [haswell] });
  });

  it('keeps its own where the others kill a child, multiply wrongly, or are not in this build', () => {
    const own = { core: 'Prescott', variables: {}, asked: [{ OPENBLAS_CORETYPE: 'SKYLAKEX' }] };
    for (const verdict of ['killed', { kind: 'wrong', got: 1, expected: 2 }, core('Prescott')] as const)
      expect(find(core('Prescott'), verdict, wide)).toEqual(own);
  });

  it('is not asked again where it knows the processor, has been told, or can do no better', () => {
    const own = (name: string) => ({ core: name, variables: {}, asked: [] });
    expect(find(core('Zen'), core('SkylakeX'), wide)).toEqual(own('Zen'));
    expect(find(core('Prescott'), core('SkylakeX'), wide, 'PRESCOTT')).toEqual(own('Prescott'));
    expect(find(core('Prescott'), core('Haswell'), 'flags : sse3')).toEqual(own('Prescott'));
    expect(find(core('Prescott'), core('Haswell'), '')).toEqual(own('Prescott'));
    const blis: Verdict = { kind: 'good', version: 'BLIS 0.9', core: 'Prescott' };
    expect(find(blis, core('SkylakeX'), wide)).toEqual(own('Prescott'));
  });
});

describe('a file that is no library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is told by the loader of the system, in one line', () => {
    const file = join(folder, 'text.so');
    writeFileSync(file, 'some text, which is no library\n'.repeat(100));
    let message = '';
    try {
      findLibrary(file);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`blas: expected a library with cblas_sgemm; got ${file}, which cannot be loaded (`);
    expect(message).toMatch(/install one, as in `apt-get install libopenblas0-pthread`, or name its file$/);
    expect(message).not.toContain('\n');
  });

  it('or is not there', () => {
    expect(() => findLibrary(join(folder, 'none.so'))).toThrow(/none\.so, which cannot be loaded \(.+\); install/);
  });
});

describe.skipIf(!hasCompiler)('a library of C', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const compiled = (name: string, text: string, integer?: string): string =>
    compileLibrary(folder, name, text, integer);
  const complaint = (path: string): string => {
    try {
      return JSON.stringify(findLibrary(path));
    } catch (error) {
      return (error as Error).message.split(`got ${path}, which `)[1];
    }
  };

  it('that multiplies is taken, whatever else it is', () => {
    const path = compiled('plain', productOf(MULTIPLY));
    expect(findLibrary(path)).toMatchObject({ path, version: 'unknown version', core: 'unknown' });
  });

  /** A library that takes the kernels that it is told, else its oldest. */
  const oldest = (name: string): string => {
    const says = `#include <stdlib.h>
      static const char *core; __attribute__((constructor)) void f(void) { core = getenv("OPENBLAS_CORETYPE"); }
      const char *openblas_get_config(void) { return "OpenBLAS 0.3.21 DYNAMIC_ARCH"; }
      const char *openblas_get_corename(void) { return core ? core : "Prescott"; }`;
    return compiled(name, `${says}\n${productOf(MULTIPLY)}`);
  };

  it('that takes its oldest kernels is asked for others by name', () => {
    const path = oldest('oldest');
    const found = findLibrary(path, { features: 'flags : avx2 fma' });
    expect(found).toMatchObject({ core: 'HASWELL', variables: { OPENBLAS_CORETYPE: 'HASWELL' } });
    // Whoever loads it sets them for that moment, so that it does take what was found.
    const opened = openLibrary(path, { features: 'flags : avx2 fma' });
    if ('missing' in opened) throw new Error(opened.missing);
    expect(opened.info).toMatchObject({ core: 'HASWELL' });
    opened.load(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    const name = loadKoffi(koffiFile() as string)
      .load(path)
      .func('const char *openblas_get_corename()');
    expect(name()).toBe('HASWELL');
    expect(process.env.OPENBLAS_CORETYPE).toBeUndefined();
  });

  it('is asked so by another thread too, and what was loaded before is told as it is', async () => {
    const opens = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const text = `const { openLibrary } = await import(${JSON.stringify(new URL('./open-library.ts', import.meta.url).href)});
          const { parentPort } = await import('node:worker_threads');
          const opened = openLibrary(${JSON.stringify(path)}, { features: 'flags : avx2 fma' });
          opened.load(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
          parentPort.postMessage(opened.info.core);`;
        const program = new URL(`data:text/javascript,${encodeURIComponent(text)}`);
        const worker = new Worker(program, { execArgv: ['--conditions=@seqrec/source'] });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    expect(await opens(oldest('thread'))).toBe('HASWELL');
    const before = oldest('before');
    loadKoffi(koffiFile() as string).load(before);
    expect(await opens(before)).toBe('Prescott');
  });

  it('without the function is told', () => {
    expect(complaint(compiled('empty', 'int other(void) { return 1; }'))).toMatch(/^has no such function; install/);
  });

  it('with integers of 64 bits is told by its names, by what it says, or by what it does', () => {
    const wide = 'has integers of 64 bits (ILP64); take its build with 32 bits (LP64)';
    expect(complaint(compiled('names', 'void cblas_sgemm64_(void) {}'))).toBe(wide);
    const says = 'const char *openblas_get_config(void) { return "OpenBLAS 0.3.21 USE64BITINT Zen"; }';
    expect(complaint(compiled('says', `${says}\n${productOf(MULTIPLY)}`))).toBe(wide);
    expect(complaint(compiled('does', productOf(MULTIPLY), 'long long'))).toBe(wide);
  });

  it('that is killed by an illegal instruction, or ends the process, leaves this one alone', () => {
    const killed = complaint(compiled('killed', productOf('__builtin_trap();')));
    expect(killed).toMatch(/^ends the process by SIG(ILL, an instruction that this processor does not have|TRAP);/);
    const exits = compiled('exits', `#include <stdlib.h>\n__attribute__((constructor)) void f(void) { exit(7); }`);
    expect(complaint(exits)).toMatch(/^ends the process with status 7; take another one/);
  });

  it('that multiplies wrongly is told, and what it prints disturbs nothing', () => {
    const prints = `#include <stdio.h>\n${productOf(`printf("hello"); fflush(stdout); ${MULTIPLY} c[0] += 1;`)}`;
    expect(complaint(compiled('wrong', prints))).toMatch(
      /^multiplies wrongly \(.+ in place of .+\); take another one$/,
    );
  });
});
