import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRecipe } from '../../config/load-recipe.ts';
import { applyOverrides } from '../../config/overrides.ts';
import { recipeConfigSchema } from '../../config/schema.ts';
import { type PreparedData, prepareData, watchedSet } from '../../data/dataset.ts';
import { writeJson } from '../../run/folder/atomic.ts';
import { Progress } from '../../terminal/progress.ts';
import { type ArmContext, evenSelection, firstUsers, runArm } from './run-arm.ts';
import { type Arm, StudyDir, type StudyPoint } from './study.ts';

let arm: Arm;
let data: PreparedData;

beforeAll(async () => {
  await useBackend('auto');
  const { config: base } = await loadRecipe('synthetic/hstu');
  const sizes = { records: 160, items: 200, categories: 5, length: 16 };
  const overrides = [
    ...Object.entries(sizes).map(([key, value]) => ({ key: `data.${key}`, text: String(value) })),
    { key: 'model.maxSequenceLength', text: '16' },
    { key: 'model.inputDropout', text: '0.2' },
    { key: 'training.shuffle', text: 'true' },
  ];
  const config = applyOverrides(recipeConfigSchema(), base, overrides);
  data = await prepareData(config.data, '.', new Progress({ quiet: true }));
  arm = { id: 'hstu', encoder: 'hstu', factors: { width: 64 }, config, unit: 'steps', marks: [2, 5, 9] };
});

function context(dir: StudyDir, stop: ArmContext['stop'] = { signal: undefined, dispose() {} }): ArmContext {
  return { dir, data, evaluatedUsers: 1000, progress: new Progress({ quiet: true }), stop };
}

function newDir(): StudyDir {
  const dir = new StudyDir(mkdtempSync(join(tmpdir(), 'seqrec-study-')));
  dir.open().release();
  return dir;
}

/** Points without the one value that is the machine's. */
function valuesOf(dir: StudyDir): Omit<StudyPoint, 'seconds'>[] {
  return arm.marks.map((_, mark) => {
    const { seconds: _seconds, ...values } = dir.point(arm, mark)!;
    return values;
  });
}

/** Asks to stop after so many looks at the signal. */
function stopAfter(looks: number): ArmContext['stop'] {
  let seen = 0;
  return {
    get signal() {
      return ++seen > looks ? ('SIGINT' as const) : undefined;
    },
    dispose() {},
  };
}

describe('an arm', () => {
  it('stopped anywhere and gone on with has the points of one left alone', async () => {
    const whole = newDir();
    await runArm(arm, context(whole));
    expect(valuesOf(whole).map(({ steps }) => steps)).toEqual([2, 5, 9]);
    expect(existsSync(whole.checkpoint(arm))).toBe(false);

    const parts = newDir();
    for (const looks of [1, 3, 4, 2])
      await expect(runArm(arm, context(parts, stopAfter(looks)))).rejects.toThrow('stopped');
    expect(existsSync(parts.checkpoint(arm))).toBe(true);
    await runArm(arm, context(parts));
    expect(valuesOf(parts)).toEqual(valuesOf(whole));

    // Killed between a point and its checkpoint: training falls behind the points, which stay as they are.
    const before = readFileSync(parts.file('points/hstu.1.json'), 'utf8');
    rmSync(parts.file('points/hstu.2.json'));
    await runArm(arm, context(parts));
    expect(readFileSync(parts.file('points/hstu.1.json'), 'utf8')).toBe(before);
    expect(valuesOf(parts)).toEqual(valuesOf(whole));
  });

  it('a mark on the way is what a training to that mark alone gives', async () => {
    const whole = newDir();
    await runArm(arm, context(whole));
    const short = newDir();
    await runArm({ ...arm, marks: [5] }, context(short));
    const { seconds: _a, ...alone } = short.point(arm, 0)!;
    const { seconds: _b, ...passed } = whole.point(arm, 1)!;
    expect(alone).toEqual(passed);
  });

  it('counts operations when its marks do', async () => {
    const dir = newDir();
    const perStep = (await measuredFlops(2)) / 2;
    await runArm({ ...arm, unit: 'flops', marks: [3.5 * perStep] }, context(dir));
    expect(dir.point(arm, 0)!.steps).toBe(4);
  });

  async function measuredFlops(steps: number): Promise<number> {
    const dir = newDir();
    await runArm({ ...arm, marks: [steps] }, context(dir));
    return dir.point(arm, 0)!.flops;
  }
});

describe('a study folder', () => {
  const identity = { kind: 'compute', recipe: 'r', request: { levels: 3 }, data: 'digest' };

  it('is gone on with only for the same request, and says what differs', () => {
    const dir = newDir();
    expect(dir.savedPlan(identity)).toBeUndefined();
    writeJson(dir.plan, { ...identity, arms: [], notes: [] });
    expect(dir.savedPlan(identity)).toMatchObject(identity);
    expect(() => dir.savedPlan({ ...identity, request: { levels: 4 } })).toThrow(
      'request.levels: expected 3 as in the study of this folder; got 4; choose another --out',
    );
    expect(() => dir.savedPlan({ ...identity, data: 'other' })).toThrow('data: expected "digest"');
  });

  it('has files for arms of plug-ins, whose kinds have a slash', () => {
    const dir = newDir();
    dir.open().release();
    const own = { ...arm, id: 'own/model-w64' };
    const point = { loss: 1.5 } as unknown as StudyPoint;
    dir.savePoint(own, 0, point);
    expect(dir.point(own, 0)).toEqual(point);
    expect(dir.point({ ...own, id: 'own-model-w64' }, 0)).toBeUndefined();
    expect(readdirSync(dir.file('points'))).toEqual(['own%2Fmodel-w64.0.json']);
    writeJson(dir.checkpoint(own), {});
    expect(readdirSync(dir.file('checkpoints'))).toEqual(['own%2Fmodel-w64.safetensors']);
  });

  it('has one writer', () => {
    const dir = newDir();
    const lock = dir.open();
    expect(() => dir.open()).toThrow('expected that no other process writes it');
    lock.release();
    expect(readdirSync(dir.path)).not.toContain('run.lock');
  });
});

describe('selections', () => {
  it('smaller ones lie in larger ones', () => {
    const users = (count: number) => new Set(firstUsers(data.split.train, count, 7).users);
    const [few, more] = [users(20), users(60)];
    expect([few.size, more.size]).toEqual([20, 60]);
    expect([...few].filter((user) => !more.has(user))).toEqual([]);
    expect(firstUsers(data.split.train, undefined, 7)).toBe(data.split.train);
  });

  it('even ones have the asked size and reach from end to end', () => {
    const set = watchedSet(data.split);
    const chosen = evenSelection(set, 5);
    expect(chosen.targets).toHaveLength(5);
    expect(evenSelection(set, 1e6)).toBe(set);
  });
});
