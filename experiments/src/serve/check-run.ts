import { loadModel } from '@seqrec/models';
import type { OpenRun } from '../run/open/open-run.ts';
import { type BackendOptions, startBackend } from '../run/process/backend.ts';
import type { Catalogue } from './catalogue.ts';
import { type CheckSize, checkScorer, renderCheck } from './check.ts';
import { type KeepOptions, openScorer } from './open-scorer.ts';

export interface CheckRunOptions {
  readonly opened: OpenRun;
  readonly catalogue: Catalogue;
  readonly users: { readonly size: number; external(user: number): string };
  readonly backend: BackendOptions;
  readonly keep: KeepOptions;
  readonly size: CheckSize;
  readonly about: string;
}

/** Checks the scorer of a run with users spread over its data; 1 when an answer differs. */
export async function checkRun({
  opened,
  catalogue,
  users,
  backend,
  keep,
  size,
  about,
}: CheckRunOptions): Promise<number> {
  const { name } = await startBackend(backend);
  const model = await loadModel(opened.file);
  const count = Math.min(size.users, users.size);
  const chosen = Array.from({ length: count }, (_, i) => users.external(Math.floor((i * users.size) / count)));
  const { scorer, close } = await openScorer(model, keep);
  try {
    console.log(`${about}, on ${name}\n`);
    const result = await checkScorer(scorer, catalogue, chosen, size);
    console.log(renderCheck(result));
    return result.passed ? 0 : 1;
  } finally {
    await close();
    model.dispose();
  }
}
