import {
  applyDelta,
  type Delta,
  makeDelta,
  otherData,
  parametersDigest,
  type RowPolicy,
  readDelta,
  readSnapshot,
  type Snapshot,
  tablesOf,
  trainedOn,
  writeDelta,
  writeSnapshot,
} from '@seqrec/models';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { checkOutputFile } from '../folder/output-file.ts';
import { startBackend } from '../process/backend.ts';

export interface DeltaFileOptions {
  /** Weights that the consumer was given, and the deltas that it has applied to them. */
  readonly held: readonly string[];
  readonly to: string;
  readonly out: string;
  readonly rows: RowPolicy;
  readonly int8: boolean;
  /** Told of weights whose items may be others than those of the weights that are held. */
  readonly note: (text: string) => void;
}

/** Writes what brings a consumer from what it holds to other weights; returns a sentence about it. */
export async function makeDeltaFile({ held, to, out, rows, int8, note }: DeltaFileOptions): Promise<string> {
  checkOutputFile('--out', out, '.safetensors');
  // Which weights are tables the model says, which is declared on a backend and not computed with.
  await startBackend({ backend: 'cpu' });
  const [base, ...deltas] = held;
  const from = await appliedTo(await readSnapshot(base), deltas, note);
  const target = await readSnapshot(to);
  const delta = makeDelta(from, target, await tablesOf(target), { rows, int8, name: out });
  noteOtherData(from, target, note);
  await writeDelta(out, delta);
  return `${out}: ${aboutDelta(delta, target)}`;
}

/** Writes the weights after a chain of deltas; returns a sentence about them. */
export async function applyDeltaFiles(
  base: string,
  deltas: readonly string[],
  { out, note }: Pick<DeltaFileOptions, 'out' | 'note'>,
): Promise<string> {
  checkOutputFile('--out', out, '.safetensors');
  const now = await appliedTo(await readSnapshot(base), deltas, note);
  await writeSnapshot(out, now);
  const { state, weights, place } = now;
  const chain = `${place.deltas} ${place.deltas === 1 ? 'delta' : 'deltas'} on ${place.base.slice(0, 12)}`;
  return `${out}: ${chain}, step ${state.position.globalStep}; digest ${parametersDigest(weights)}`;
}

async function appliedTo(base: Snapshot, files: readonly string[], note: DeltaFileOptions['note']): Promise<Snapshot> {
  let held = base;
  for (const file of files) {
    const delta = await readDelta(file);
    const next = applyDelta(held, delta);
    noteOtherData(held, delta, note);
    held = next;
  }
  return held;
}

function noteOtherData(
  held: Pick<Snapshot, 'state'>,
  { name, state }: Pick<Snapshot, 'name' | 'state'>,
  note: DeltaFileOptions['note'],
): void {
  const others = otherData(state, trainedOn(held.state));
  if (others !== undefined) note(`${name}: ${others}`);
}

/** `delta 2 on 1f2e3d4c5b6a, steps 10 to 20: ...`. */
function aboutDelta({ base, number, fromStep, toStep, dense, tables, bytes }: Delta, to: Snapshot): string {
  const count = [...dense.values()].reduce((sum, { data }) => sum + data.length, 0);
  const all = [...to.weights.values()].reduce((sum, { data }) => sum + 4 * data.length, 0);
  const rows = Array.from(
    tables,
    ([name, { ids, shape }]) => `${formatCount(ids.length)} of ${formatCount(shape[0])} rows of ${name}`,
  );
  return [
    `delta ${number} on ${base.slice(0, 12)}, steps ${fromStep} to ${toStep}`,
    `${dense.size} dense weights (${formatCount(count)} numbers)${rows.length > 0 ? `, ${rows.join(', ')}` : ''}`,
    `${formatBytes(bytes)}, ${((100 * bytes) / all).toFixed(1)} % of all weights`,
  ].join('; ');
}
