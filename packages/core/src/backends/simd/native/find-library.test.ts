import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileLibrary, hasCompiler, MULTIPLY, productOf } from '../../../../test/native-library.ts';
import { BackendError } from '../../../errors.ts';
import { findLibrary } from './find-library.ts';
import type { Child } from './probe.ts';
import type { Verdict } from './probe-program.ts';

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
    expect(find(absent, good)).toEqual({ koffi: 'koffi.js', path: 'two.so', version: 'OpenBLAS 1', core: 'Zen' });
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
