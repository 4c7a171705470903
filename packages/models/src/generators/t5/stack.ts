import { logSumExpScores, ShapeError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Run } from '../../layers/layer.ts';
import type { ModelOptions } from '../../model.ts';
import type { WeightedLoss } from '../../objectives/objective.ts';
import { codeBatch } from '../code-batch.ts';
import type { CodeSymbols } from '../code-symbols.ts';
import type { CodeLossContext, Generator } from '../generator.ts';
import { noLoss } from '../no-loss.ts';
import type { T5Config } from './config.ts';
import { type T5Net, t5Net } from './net.ts';
import { t5Reader } from './reader.ts';
import { historyCuts, type TrainingPairs, trainingPairs } from './training-pairs.ts';

/**
 * TIGER's model: T5 reads the codes of a history, `L` an item, and writes those of the next item, one after the other.
 *
 * ```
 * loss = - sum over pairs, levels l of log softmax(h_l W^T)[c_l]          of the rows of level l, or of all
 * ```
 *
 * `h_l` is the decoder's output at padding, `c_0`, ..., `c_{l-1}`; `W` its table over `sqrt(D)`, or a matrix apart.
 *
 * Source: Rajput et al. 2023 (arXiv:2305.05065), T5 of Raffel et al. 2020 (arXiv:1910.10683).
 * Differs from the paper in: no token of the user; the softmax is over the codes of the level unless told otherwise.
 */
export function createT5(config: T5Config, { numItems, seed = 0 }: ModelOptions): Generator {
  const net = t5Net(config, { numItems, seed });
  const variables = new Map(
    net.layers.flatMap(({ layer, names }) =>
      Object.entries(names).map(([own, name]) => [name, layer.weight(own)] as const),
    ),
  );

  function loss({ symbols, batch, part, run }: CodeLossContext): WeightedLoss {
    checkSymbols(symbols, numItems);
    const cuts = historyCuts(part.whole, config.cuts, run);
    const pairs = trainingPairs(batch.host, symbols, { cuts, part });
    // A part without a history.
    if (pairs.count === 0) return noLoss(variables.values());
    const sum = tf.tidy('loss', () => {
      const hidden = decoded(net, pairs, run);
      return config.softmax === 'all' ? overAll(net, hidden, pairs) : byLevel(net, hidden, pairs, symbols);
    });
    return { sum, weight: pairs.count };
  }

  return {
    kind: config.kind,
    config: { ...config },
    numItems,
    maxSequenceLength: config.maxSequenceLength,
    variables: () => variables,
    // Every row of the table is scored in every step.
    tables: () => new Map(),
    loss,
    read(histories, symbols) {
      checkSymbols(symbols, numItems);
      const { itemIds: ids, offsets } = codeBatch(histories, symbols, { targets: false }).batch;
      return t5Reader(net, { ids, offsets }, symbols);
    },
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
  };
}

/** The decoder's output at each code of the targets, `[count L, D]`. */
function decoded(net: T5Net, { histories, written, targets, before }: TrainingPairs, run: Run): tf.Tensor2D {
  const memory = net.encode(histories.ids, histories.offsets, { ...run, firstRow: before.codes });
  const ownRun = { ...run, firstRow: before.pairs * targets.length };
  return net.decodeAll(written, memory, histories.offsets, ownRun);
}

function byLevel(net: T5Net, hidden: tf.Tensor2D, { count, targets }: TrainingPairs, symbols: CodeSymbols): tf.Scalar {
  const { levels, firsts, sizes } = symbols;
  const head = net.head();
  const columns = tf.reshape(hidden, [count, -1]) as tf.Tensor2D;
  const width = head.shape[1];
  const losses = Array.from({ length: levels }, (_, l) => {
    const queries = tf.slice(columns, [0, l * width], [-1, width]);
    return crossEntropy(queries, tf.slice(head, [firsts[l], 0], [sizes[l], -1]), tf.gather(head, targets[l]));
  });
  return tf.addN(losses) as tf.Scalar;
}

function overAll(net: T5Net, hidden: tf.Tensor2D, { count, targets }: TrainingPairs): tf.Scalar {
  const head = net.head();
  const rows = Int32Array.from(
    { length: count * targets.length },
    (_, i) => targets[i % targets.length][Math.floor(i / targets.length)],
  );
  return crossEntropy(hidden, head, tf.gather(head, rows));
}

/** The sum of `log sum exp(h W^T) - h w`, `w` the row of each label. */
function crossEntropy(queries: tf.Tensor2D, items: tf.Tensor2D, labels: tf.Tensor): tf.Scalar {
  return tf.sub(tf.sum(logSumExpScores({ queries, items })), tf.sum(tf.mul(queries, labels)));
}

function checkSymbols({ count }: CodeSymbols, numItems: number): void {
  if (count === numItems) return;
  throw new ShapeError(
    `t5: expected codes of ${numItems} rows, as the model was made for; got ${count}; give createModel the count of codeSymbols as numItems`,
  );
}
