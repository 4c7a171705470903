import { sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { compareGradients } from '../../golden/compare.ts';
import { checkedFields, float32Deviation, type GoldenFile, goldenTensor, tensorOf } from '../../golden/file.ts';
import { setParameters, toleranceOf } from '../../golden/module.ts';
import { relativeError } from '../../golden/relative-error.ts';
import { type GoldenReport, goldenReport } from '../../golden/report.ts';
import { uploadBatch } from '../../inputs.ts';
import { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import { onlyPart } from '../../tasks/part.ts';
import { type CodeMask, constrainedBeams } from '../beams.ts';
import type { CodeSymbols } from '../code-symbols.ts';
import type { Generator } from '../generator.ts';
import { t5ConfigOf, t5FileConfig, unpadded } from './golden-file.ts';
import { createT5 } from './stack.ts';

const tensors = z.record(z.string(), goldenTensor);
const beams = z.object({ items: goldenTensor, scores: goldenTensor });
const fileSchema = z.object({
  name: z.string(),
  config: t5FileConfig.extend({ levels: size, codes: size, widths: z.array(size) }),
  inputs: tensors,
  parameters: tensors,
  outputs: z
    .object({
      freeLogProbabilities: goldenTensor,
      constrainedLogProbabilities: goldenTensor,
      freeRanking: goldenTensor,
      constrainedRanking: goldenTensor,
      validMass: goldenTensor,
    })
    .catchall(beams),
  loss: z.number(),
  gradients: tensors,
  float32Deviation,
});
type File = z.output<typeof fileSchema>;

const RUN = { training: false, step: 0, seed: 0 };
const masks: Readonly<Record<'free' | 'constrained', CodeMask>> = { free: 'after', constrained: 'before' };

/**
 * Items as codes by T5 of transformers beside ours: the likelihood of every item, with masks after and before the
 * softmax, the rankings, beams, loss and gradients. Probabilities are over the whole vocabulary there, so that every
 * level here has all rows.
 */
export async function checkT5SemanticIds(json: GoldenFile): Promise<GoldenReport> {
  const file = checkedFields(fileSchema, json);
  const { config, inputs, gradients, outputs } = file;
  const { levels, vocab } = config;
  const items = tensorOf(inputs, 'items');
  const model = createT5({ ...t5ConfigOf(config), softmax: 'all', cuts: 'last' }, { numItems: vocab - 1, seed: 0 });
  try {
    const places = Object.fromEntries(Array.from(model.variables(), ([name, variable]) => [name, { variable }]));
    setParameters(file, places);
    const symbols: CodeSymbols = {
      numItems: items.shape[0],
      levels,
      sizes: new Array<number>(levels).fill(vocab),
      firsts: new Array<number>(levels).fill(0),
      count: vocab - 1,
      ofItems: Int32Array.from([...new Array<number>(levels).fill(0), ...items.data]),
    };
    const histories = historiesOf(file);
    const { sum, grads } = lossOf(model, histories, symbols);
    const slopes = Object.fromEntries(Object.keys(gradients).map((name) => [name, grads[places[name].variable.name]]));
    // The file has the mean over levels too.
    const count = (histories.offsets.length - 1) * levels;
    const scaled = tf.tidy(() =>
      Object.fromEntries(Object.entries(slopes).map(([name, slope]) => [name, tf.div(slope, count)])),
    );
    const errors = {
      outputs: await rankings(model, histories, symbols, outputs),
      loss: relativeError([(await sum.data())[0] / count], [file.loss]),
      gradients: await compareGradients(gradients, scaled),
    };
    tf.dispose([sum, grads, scaled]);
    return goldenReport(file.name, errors, toleranceOf({ ...file, kind: json.kind, inputGradients: {} }));
  } finally {
    model.dispose();
  }
}

/** Histories as items, each with the target of the file after its last event. */
function historiesOf({ config: { levels }, inputs }: File) {
  const items = tensorOf(inputs, 'items').data;
  const { ids, offsets } = unpadded(tensorOf(inputs, 'inputIds'), tensorOf(inputs, 'attentionMask'));
  const codes = Array.from({ length: items.length / levels }, (_, i) =>
    items.slice(i * levels, (i + 1) * levels).join(),
  );
  const itemIds = Int32Array.from({ length: ids.length / levels }, (_, t) => {
    return 1 + codes.indexOf(ids.slice(t * levels, (t + 1) * levels).join());
  });
  const ends = Int32Array.from(offsets, (offset) => offset / levels);
  const targets = Int32Array.from([...itemIds.slice(1), 0]);
  for (const [b, item] of tensorOf(inputs, 'targets').data.entries()) targets[ends[b + 1] - 1] = item + 1;
  return sequenceBatch({ offsets: ends, itemIds, targets, timestamps: new Float64Array(itemIds.length) });
}

function lossOf(model: Generator, histories: ReturnType<typeof historiesOf>, symbols: CodeSymbols) {
  const batch = uploadBatch(histories);
  try {
    const { value: sum, grads } = tf.variableGrads(
      () => model.loss({ symbols, batch, part: onlyPart(histories), run: RUN }).sum,
      [...model.variables().values()],
    );
    return { sum, grads };
  } finally {
    batch.dispose();
  }
}

async function rankings(
  model: Generator,
  histories: ReturnType<typeof historiesOf>,
  symbols: CodeSymbols,
  outputs: File['outputs'],
): Promise<Record<string, number>> {
  const { levels, numItems: count } = symbols;
  const trie = new CodeTrie({ count, sizes: symbols.sizes, values: symbols.ofItems.slice(levels) });
  const { freeLogProbabilities, constrainedLogProbabilities, freeRanking, constrainedRanking, validMass, ...ofWidths } =
    outputs;
  const written = async (width: number, form: keyof typeof masks) => {
    const reader = model.read(histories, symbols);
    try {
      return (await constrainedBeams(reader, histories.offsets.length - 1, { trie, width, mask: masks[form] })).lists;
    } finally {
      reader.dispose();
    }
  };
  const exact = { freeLogProbabilities, constrainedLogProbabilities };
  const order = { freeRanking, constrainedRanking };
  const errors: Record<string, number> = {};
  for (const form of ['free', 'constrained'] as const) {
    const lists = await written(Number.POSITIVE_INFINITY, form);
    const all = lists.flatMap(({ rows, scores }) => {
      const own = new Float64Array(count).fill(Number.NaN);
      for (const [place, row] of rows.entries()) own[row] = scores[place];
      return [...own];
    });
    errors[`${form}LogProbabilities`] = relativeError(all, exact[`${form}LogProbabilities`].data);
    errors[`${form}Ranking`] = relativeError(
      lists.flatMap(({ rows }) => [...rows]),
      order[`${form}Ranking`].data,
    );
    if (form === 'constrained') continue;
    const mass = lists.map(({ scores }) => scores.reduce((sum, score) => sum + Math.exp(score), 0));
    errors.validMass = relativeError(mass, validMass.data);
  }
  for (const [name, { items, scores }] of Object.entries(ofWidths)) {
    const [, width, form] = /^beam(\d+)(Free|Constrained)$/.exec(name) ?? [];
    const lists = await written(Number(width), form.toLowerCase() as keyof typeof masks);
    errors[`${name}.items`] = relativeError(
      lists.flatMap(({ rows }) => [...rows]),
      items.data,
    );
    errors[`${name}.scores`] = relativeError(
      lists.flatMap((list) => [...list.scores]),
      scores.data,
    );
  }
  return errors;
}
