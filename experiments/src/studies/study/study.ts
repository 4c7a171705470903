import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { RecipeConfig } from '../../config/schema.ts';
import { RunError } from '../../errors.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { checkRunsFolder, runDirAt } from '../../run/folder/run-dir.ts';
import { lockRun, type RunLock } from '../../run/folder/run-lock.ts';
import { firstDifference } from '../../run/open/resume.ts';

/**
 * A training that passes through several measured moments. With a constant learning rate each is
 * what a shorter one gives.
 */
export interface Arm {
  /** Name of its files. */
  readonly id: string;
  readonly encoder: string;
  /** What is varied, for tables and plots. */
  readonly factors: Readonly<Record<string, number | string>>;
  readonly config: RecipeConfig;
  /** Train on the first so many users of a seeded order; default: on all. */
  readonly users?: number;
  /** Also measure recent and older windows of so many events of the users held out of training, and item vectors. */
  readonly testedWindow?: number;
  /** What the marks count: floating-point operations of training, or optimiser steps. */
  readonly unit: 'flops' | 'steps';
  /** Increasing. A mark is reached by the first step that brings the count to it. */
  readonly marks: readonly number[];
}

/** One measured moment of an arm: a file of its own, complete or absent. */
export interface StudyPoint {
  readonly arm: string;
  readonly encoder: string;
  readonly factors: Arm['factors'];
  readonly mark: number;
  readonly steps: number;
  /** Passes over the training set, parts included. */
  readonly epochs: number;
  readonly tokens: number;
  /** Of training so far: forward, backward; no evaluation. */
  readonly flops: number;
  readonly parameters: { readonly total: number; readonly encoder: number };
  /** Cross-entropy of the held-out event among all items, nats. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Of training, on this machine; it is the one value that two runs of a study do not share. */
  readonly seconds: number;
}

/** What a study is; two runs with equal plans give equal tables. */
export interface StudyPlan {
  readonly kind: string;
  readonly recipe: string;
  /** What was asked for; a study in the folder is only gone on with when this is the same. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Digest of the interactions. */
  readonly data: string;
  readonly arms: readonly Arm[];
  readonly notes: readonly string[];
}

/** The name of a file for an arm or a figure: kinds of plug-ins have a slash. */
export function fileNameOf(id: string): string {
  return encodeURIComponent(id);
}

/**
 * The files of a study: `plan.json`, `points/<arm>.<n>.json`, `checkpoints/<arm>.safetensors`, `report.html`, `plots/`.
 */
export class StudyDir {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get plan(): string {
    return join(this.path, 'plan.json');
  }

  get report(): string {
    return join(this.path, 'report.html');
  }

  file(name: string): string {
    return join(this.path, name);
  }

  checkpoint(arm: Arm): string {
    return join(this.path, 'checkpoints', `${fileNameOf(arm.id)}.safetensors`);
  }

  /** Creates the folders and makes this process their only writer. */
  open(): RunLock {
    checkRunsFolder(this.path);
    for (const folder of ['points', 'checkpoints', 'plots']) makeFolder(join(this.path, folder));
    const lock = lockRun(runDirAt(this.path));
    for (const folder of ['', 'points', 'checkpoints'])
      for (const name of readdirSync(join(this.path, folder)))
        if (/\.\d+\.tmp$/.test(name)) rmSync(join(this.path, folder, name), { force: true });
    return lock;
  }

  /**
   * The plan in the folder, when there is one.
   *
   * @throws RunError when it was made for another request or other data.
   */
  savedPlan(expected: Pick<StudyPlan, 'kind' | 'recipe' | 'request' | 'data'>): StudyPlan | undefined {
    if (!existsSync(this.plan)) return undefined;
    const saved = readJson(this.plan) as StudyPlan;
    const { kind, recipe, request, data } = saved;
    const difference = firstDifference({ kind, recipe, request, data }, expected);
    if (difference === undefined) return saved;
    throw new RunError(
      `${basename(this.path)}: ${difference.key}: expected ${difference.before} as in the study of this folder; got ${difference.after}; choose another --out, or remove the folder`,
    );
  }

  point(arm: Arm, mark: number): StudyPoint | undefined {
    const file = this.#pointFile(arm, mark);
    return existsSync(file) ? (readJson(file) as StudyPoint) : undefined;
  }

  savePoint(arm: Arm, mark: number, point: StudyPoint): void {
    writeJson(this.#pointFile(arm, mark), point);
  }

  /** All finished points of a plan, in the order of the plan. */
  points(plan: StudyPlan): StudyPoint[] {
    return plan.arms.flatMap((arm) => arm.marks.flatMap((_, mark) => this.point(arm, mark) ?? []));
  }

  #pointFile(arm: Arm, mark: number): string {
    return join(this.path, 'points', `${fileNameOf(arm.id)}.${mark}.json`);
  }
}
