import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { PreparedData } from '../../data/dataset.ts';
import { writeJson } from '../../run/folder/atomic.ts';
import { describeEnvironment } from '../../run/folder/environment.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { Interrupted, listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { formatDuration } from '../../terminal/format.ts';
import type { Listing } from '../../terminal/listing.ts';
import type { Progress } from '../../terminal/progress.ts';
import { type ArmContext, runArm } from './run-arm.ts';
import { showStudy } from './show.ts';
import { StudyDir, type StudyPlan, type StudyPoint } from './study.ts';

export interface StudyRequest {
  readonly out: string;
  readonly kind: string;
  readonly recipe: string;
  /** Identity of the study; see `StudyPlan.request`. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly data: PreparedData;
  readonly backend: BackendOptions;
  readonly progress: Progress;
  readonly evaluatedUsers: number;
  /** Called once for a study; may measure. */
  readonly plan: (context: ArmContext) => Promise<Pick<StudyPlan, 'arms' | 'notes'>>;
  /** Writes tables, plots and the report from the points; returns what to print. */
  readonly finish: (dir: StudyDir, plan: StudyPlan, points: readonly StudyPoint[]) => Promise<Listing>;
  /** Folder of results to keep it in. */
  readonly save?: string;
}

/**
 * Plans a study, or takes up the one in the folder, runs what is missing and writes its report. Returns the exit code.
 */
export async function runStudy(request: StudyRequest): Promise<number> {
  const { kind, recipe, data, progress, evaluatedUsers } = request;
  const dir = new StudyDir(request.out);
  const identity = { kind, recipe, request: request.request, data: data.split.interactions.digest };
  // A study of another request is refused before the folder is touched.
  dir.savedPlan(identity);
  const choice = await startBackend(request.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const lock = dir.open();
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const context: ArmContext = { dir, data, evaluatedUsers, progress, stop };
  const began = performance.now();
  try {
    const plan = dir.savedPlan(identity) ?? (await makePlan(request, identity, context));
    const environment = dir.file('environment.json');
    if (!existsSync(environment)) writeJson(environment, describeEnvironment(choice));
    const total = plan.arms.reduce((sum, arm) => sum + arm.marks.length, 0);
    progress.note(`${basename(dir.path)}: ${dir.points(plan).length} of ${total} points are there`);
    for (const [i, arm] of plan.arms.entries()) {
      await runArm(arm, context);
      progress.note(`${i + 1}/${plan.arms.length} ${arm.id}  ${formatDuration((performance.now() - began) / 1000)}`);
    }
    showStudy(dir, await request.finish(dir, plan, dir.points(plan)), request.save);
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('saved; the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    progress.clear();
    stop.dispose();
    lock.release();
  }
}

async function makePlan(
  request: StudyRequest,
  identity: Pick<StudyPlan, 'kind' | 'recipe' | 'request' | 'data'>,
  context: ArmContext,
): Promise<StudyPlan> {
  const plan = { ...identity, ...(await request.plan(context)) };
  writeJson(context.dir.plan, plan);
  return plan;
}
