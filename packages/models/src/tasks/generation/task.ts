import type { ExampleSet, WindowPolicy } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { codeDecoder } from '../../generators/code-decoder.ts';
import { codeSymbols, codeTokens } from '../../generators/code-symbols.ts';
import type { DenseConfig } from '../../generators/dense/config.ts';
import { isDenseEncoder } from '../../generators/dense/head.ts';
import type { DenseLoss } from '../../generators/dense/loss.ts';
import { type CodeWriter, isGenerator } from '../../generators/generator.ts';
import { isTokenEncoder, type Model, type TokenEncoder } from '../../model.ts';
import type { Objective } from '../../objectives/objective.ts';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { incrementalOf } from '../../serve/capabilities.ts';
import type { Task } from '../task.ts';

/**
 * What writes codes: a generator itself, or an encoder whose items are rows of codes.
 *
 * @param temperature of an encoder's scores.
 * @param dense how its vectors of items are learned, where the loss is asked for.
 * @throws ConfigError for a model that writes no codes, or has no vectors of items although they are to be learned.
 */
export function codeWriter(model: Model, temperature: number, dense?: DenseLoss): CodeWriter {
  if (dense !== undefined && !isDenseEncoder(model))
    throw new ConfigError(
      `generation: dense: expected an encoder over codes with vectors of items; got '${model.kind}' without; make it with dense of its options, or leave task.dense out`,
      'task.dense',
    );
  if (isGenerator(model)) return model;
  if (isTokenEncoder(model)) {
    const { append: isCached } = incrementalOf(model);
    const own = dense && isDenseEncoder(model) ? { ...dense, head: model.dense } : undefined;
    return codeDecoder(model, { temperature, isCached, ...(own && { dense: own }) });
  }
  throw new ConfigError(
    `generation: model: expected an encoder of histories or a generator; got '${model.kind}'; train it under a task that it can do`,
    'model',
  );
}

/**
 * The configuration of a model for a data set whose items have so many codes: `maxSequenceLength` counts events where
 * people write it, and codes in the model. Its `numItems` is the `count` of `codeSymbols`.
 */
export function codeModelConfig<C extends object>(config: C, { sizes }: Pick<Codes, 'sizes'>): C {
  const { maxSequenceLength } = config as { readonly maxSequenceLength?: number };
  if (maxSequenceLength === undefined) return config;
  return { ...config, maxSequenceLength: codeTokens(maxSequenceLength, sizes.length) };
}

/**
 * Generation: the codes of the next item, one after the other, each a softmax over the codes of its level.
 *
 * Items to predict weigh the same; of each the loss is the sum over its codes. The figures are those of retrieval,
 * by `evaluateGenerated`.
 *
 * @param objective a full softmax over the next item, whose temperature is that of the scores.
 * @param dense how vectors of the items are learned beside; default: not.
 * @throws ConfigError for another objective, and for vectors that are made after more codes than items have before
 *   their last.
 */
export function generationTask(
  codes: Codes,
  objective: Pick<Objective, 'name' | 'settings'>,
  dense?: DenseLoss & Pick<DenseConfig, 'levels'>,
): Task {
  const learned = dense && denseLossOf(dense, codes.sizes.length);
  const symbols = codeSymbols(codes);
  const temperature = softmaxTemperature(objective);
  return {
    name: 'generation',
    identity: {
      objective: { name: objective.name, ...objective.settings },
      codes: { sizes: codes.sizes },
      ...(learned && { dense: learned }),
    },
    namesItems: false,
    check: (model, examples, windows) => {
      checkModel(model, examples, { codes, windows, rows: symbols.count });
      if (isGenerator(model) && temperature !== 1)
        throw new ConfigError(
          `generation: objective.temperature: expected 1 for '${model.kind}', which has logits of its own; got ${temperature}`,
          'objective.temperature',
        );
    },
    loss: ({ model, batch, part, run }) => codeWriter(model, temperature, learned).loss({ symbols, batch, part, run }),
  };
}

/** What of the settings of vectors decides the loss. @throws ConfigError for codes that items do not have. */
function denseLossOf(
  { weight, after, temperature, levels }: DenseLoss & Pick<DenseConfig, 'levels'>,
  codes: number,
): DenseLoss {
  for (const [key, value, most] of [
    ['after', after, codes - 1],
    ['levels', levels === 'all' ? codes : levels, codes],
  ] as const) {
    if (value > most)
      throw new ConfigError(
        `generation: dense.${key}: expected at most ${most}, as items have ${codes} codes; got ${value}`,
        `task.dense.${key}`,
      );
  }
  return { weight, after, temperature };
}

/** The temperature of a full softmax over the next item. @throws ConfigError for another objective. */
export function softmaxTemperature({ name, settings }: Pick<Objective, 'name' | 'settings'>): number {
  if (name !== 'full-softmax')
    throw new ConfigError(
      `generation: objective.kind: expected full-softmax, which is taken over the codes of a level; got ${name}`,
      'objective.kind',
    );
  const { temperature, ...others } = settings;
  const usual: Readonly<Record<string, unknown>> = { 'labels.kind': 'next-item', weighting: 'token', actionWeight: 0 };
  for (const [key, value] of Object.entries(others)) {
    if (value !== usual[key])
      throw new ConfigError(
        `generation: objective.${key}: expected ${usual[key] ?? 'none'}, as every code of every next item is learned; got ${value}`,
        `objective.${key}`,
      );
  }
  return temperature as number;
}

interface Expected {
  readonly codes: Codes;
  /** Rows of codes besides padding. */
  readonly rows: number;
  readonly windows: WindowPolicy | undefined;
}

function checkModel(
  model: Model,
  { interactions, starts, targets }: ExampleSet,
  { codes, rows, windows }: Expected,
): void {
  codeWriter(model, 1);
  const levels = codes.sizes.length;
  const { kind, maxSequenceLength } = model as TokenEncoder;
  if (codes.count !== interactions.numItems)
    throw new ConfigError(
      `generation: codes: expected those of the ${interactions.numItems} items of the data; got ${codes.count}; fit ids to this data`,
      'task.ids',
    );
  if (model.numItems !== rows)
    throw new ConfigError(
      `generation: model: expected one over ${rows} rows of codes; got '${kind}' over ${model.numItems}; make it with numItems of codeSymbols`,
      'model',
    );
  for (const [key, off] of [
    ['features', undefined],
    ['actions', 'none'],
  ] as const) {
    const value = (model.config as Readonly<Record<string, unknown>>)[key];
    if (value !== undefined && value !== off)
      throw new ConfigError(
        `generation: model.${key}: expected a model that reads codes and times alone; got '${kind}' with ${key}; leave it out`,
        `model.${key}`,
      );
  }
  if ((model as TokenEncoder).predicts === 'hidden')
    throw new ConfigError(
      `generation: model: expected one that predicts what comes next; got '${kind}', which sees events on both sides`,
      'model',
    );
  const longest = windows?.maxLength ?? targets.reduce((most, target, e) => Math.max(most, target - starts[e]), 0);
  if (codeTokens(longest, levels) <= maxSequenceLength) return;
  throw new ConfigError(
    `generation: examples: expected histories of at most ${Math.floor((maxSequenceLength - levels + 1) / levels)} events, whose ${levels} codes each fit into maxSequenceLength = ${maxSequenceLength}; got one of ${longest}; cut them with latestWindow`,
    'examples',
  );
}
