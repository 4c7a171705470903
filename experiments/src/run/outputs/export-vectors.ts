import { dirname } from 'node:path';
import type { IdMap, Interactions } from '@seqrec/data';
import { encodeHistories, type TokenEncoder } from '@seqrec/models';
import { saveUserVectors } from '../../data/user-vectors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { writeFileAtomic } from '../folder/atomic.ts';
import { makeFolder } from '../folder/make-folder.ts';

/** Writes what a model scores items with, one line an item, in the format that `itemVectors.path` reads. */
export async function writeItemVectors(file: string, model: TokenEncoder, items: IdMap): Promise<void> {
  const vectors = model.itemVectors();
  try {
    const width = vectors.shape[1];
    const values = (await vectors.data()) as Float32Array;
    makeFolder(dirname(file));
    writeFileAtomic(file, itemVectorsText(values, width, items));
  } finally {
    vectors.dispose();
  }
}

/** @param values row-major `[numItems + 1, width]`; row 0 is padding and left out */
export function itemVectorsText(values: Float32Array, width: number, items: IdMap): string {
  const lines = [['item', ...Array.from({ length: width }, (_, d) => String(d))].join(',')];
  for (let item = items.first; item < items.first + items.size; item++) {
    // Nine digits name every float32.
    const row = Array.from(values.subarray(item * width, (item + 1) * width), (x) => String(Number(x.toPrecision(9))));
    lines.push([quotedField(items.external(item)), ...row].join(','));
  }
  return `${lines.join('\n')}\n`;
}

function quotedField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface UserVectorsRequest {
  readonly interactions: Interactions;
  /** Which weights these are. */
  readonly about: string;
  readonly progress: Progress;
}

/** Writes what a model makes of every user after each event, in the format that `data.userVectors.path` reads. */
export async function writeUserVectors(
  file: string,
  model: TokenEncoder,
  { interactions, about, progress }: UserVectorsRequest,
): Promise<void> {
  progress.start();
  try {
    const onProgress = (state: { done: number; total: number }): void =>
      progress.update({ label: 'encode histories, events', ...state });
    const vectors = await encodeHistories(model, interactions, { onProgress });
    makeFolder(dirname(file));
    await saveUserVectors(file, vectors, { interactions, model: about });
  } finally {
    progress.clear();
  }
}
