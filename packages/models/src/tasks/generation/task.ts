import type { ExampleSet, WindowPolicy } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { type CodeDecoderOptions, codeDecoder } from '../../generators/code-decoder.ts';
import { codeSymbols, codeTokens } from '../../generators/code-symbols.ts';
import type { DenseConfig } from '../../generators/dense/config.ts';
import { isDenseEncoder } from '../../generators/dense/head.ts';
import type { DenseLoss } from '../../generators/dense/loss.ts';
import { type CodeWriter, isGenerator } from '../../generators/generator.ts';
import type { Language } from '../../generators/language/language.ts';
import { languageDecoder, languageSentences } from '../../generators/language/language-decoder.ts';
import { languageTokens } from '../../generators/language/symbols.ts';
import { isTokenEncoder, type Model, type TokenEncoder } from '../../model.ts';
import type { Objective } from '../../objectives/objective.ts';
import { capabilitiesOf, modelIncremental, parseModelConfig } from '../../registry.ts';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { incrementalOf } from '../../serve/capabilities.ts';
import type { Task } from '../task.ts';
import { checkSpoken, identityOf, type SpokenLanguage } from './spoken.ts';

/** Who writes codes, and how it is asked. */
export interface CodeWriterOptions {
  /** Of an encoder's scores. */
  readonly temperature: number;
  /** What an encoder speaks besides codes. */
  readonly language?: { readonly begins: Pick<Language['begins'], 'retrieve'> } | undefined;
  /** How an encoder's vectors of items are learned, where the loss is asked for. */
  readonly dense?: DenseLoss | undefined;
}

/**
 * What writes codes: a generator itself, or an encoder whose items are rows of codes, or of a language.
 *
 * @throws ConfigError for a model that writes no codes, or has no vectors of items although they are to be learned.
 */
export function codeWriter(model: Model, { temperature, language, dense }: CodeWriterOptions): CodeWriter {
  if (dense !== undefined && !isDenseEncoder(model))
    throw new ConfigError(
      `generation: dense: expected an encoder over codes with vectors of items; got '${model.kind}' without; make it with dense of its options, or leave task.dense out`,
      'task.dense',
    );
  if (isGenerator(model)) return model;
  if (isTokenEncoder(model)) return codeDecoder(model, decoding(model, { temperature, language, dense }));
  throw writesNone(model.kind);
}

function writesNone(kind: string): ConfigError {
  return new ConfigError(
    `generation: model: expected an encoder of histories or a generator; got '${kind}'; train it under a task that it can do`,
    'model',
  );
}

function decoding(model: TokenEncoder, { temperature, language, dense }: CodeWriterOptions): CodeDecoderOptions {
  return {
    ...{ temperature, isCached: incrementalOf(model).append, opening: language?.begins.retrieve },
    ...(dense && isDenseEncoder(model) && { dense: { ...dense, head: model.dense } }),
  };
}

/**
 * The configuration of a model for a data set whose items have so many codes: `maxSequenceLength` counts events where
 * people write it, and tokens in the model. Its `numItems` is the `count` of `codeSymbols`, or of the language.
 *
 * @throws ConfigError for a model that writes no codes, or more events than it has tokens for.
 */
export function codeModelConfig<C extends object>(
  config: C,
  { sizes }: Pick<Codes, 'sizes'>,
  language?: Pick<Language, 'maxWords'>,
): C {
  const { kind = '', maxSequenceLength: events } = config as { readonly kind?: string; maxSequenceLength?: number };
  const can = capabilitiesOf(kind);
  const writes = can.includes('generate') || (can.includes('encode') && !can.includes('towers'));
  // Of a kind that is not known its own schema tells.
  if (can.length > 0 && !writes) throw writesNone(kind);
  if (events === undefined) return config;
  const read = { levels: sizes.length, language, apart: can.includes('generate') && !can.includes('encode') };
  const of = (some: number): C => ({ ...config, maxSequenceLength: tokensOf(some, read) });
  const why = tooLong(of(events));
  if (why === undefined) return of(events);
  let [fits, first] = [0, events];
  while (first - fits > 1) {
    const middle = Math.floor((fits + first) / 2);
    if (tooLong(of(middle)) === undefined) fits = middle;
    else first = middle;
  }
  throw new ConfigError(
    `generation: model.maxSequenceLength: expected at most ${fits} events for '${kind}', as items have ${sizes.length} codes; got ${events}: ${why}`,
    'model.maxSequenceLength',
  );
}

/** What a model says against its `maxSequenceLength`, if anything. */
function tooLong(config: object): string | undefined {
  try {
    parseModelConfig(config);
  } catch (error) {
    if (error instanceof ConfigError && error.path === 'maxSequenceLength') return error.message;
  }
  return undefined;
}

/** How events become tokens. */
interface ReadTokens {
  /** Codes of an item. */
  readonly levels: number;
  readonly language: Pick<Language, 'maxWords'> | undefined;
  /** Whether what is written is not among the tokens that are read: of generators. */
  readonly apart: boolean;
}

/** Tokens of the longest sequence of so many events. */
function tokensOf(events: number, { levels, language, apart }: ReadTokens): number {
  if (language !== undefined) return languageTokens(events, levels, language.maxWords);
  return apart ? events * levels : codeTokens(events, levels);
}

/** What is learned beside the codes of the next item. */
export interface BesideCodes {
  /** Vectors of the items; default: none. */
  readonly dense?: (DenseLoss & Pick<DenseConfig, 'levels'>) | undefined;
  /** Words, in a mixture of templates; default: codes alone. */
  readonly spoken?: SpokenLanguage | undefined;
}

/**
 * Generation: the codes of the next item, one after the other, each a softmax over the codes of its level; with a
 * language a mixture of templates over words and codes, that one among them.
 *
 * Items to predict weigh the same; of each the loss is the sum over its codes. The figures are those of retrieval,
 * by `evaluateGenerated`.
 *
 * @param objective a full softmax over the next item, whose temperature is that of the scores.
 * @throws ConfigError for another objective, for vectors that are made after more codes than items have before their
 *   last, and for what cannot be learned from the data.
 */
export function generationTask(
  codes: Codes,
  objective: Pick<Objective, 'name' | 'settings'>,
  { dense, spoken }: BesideCodes = {},
): Task {
  const learned = dense && denseLossOf(dense, codes.sizes.length);
  const symbols = codeSymbols(codes);
  const temperature = softmaxTemperature(objective);
  const language = spoken?.language;
  if (spoken !== undefined) checkSpoken(spoken);
  const sentences = spoken && languageSentences(spoken.language, spoken);
  return {
    name: 'generation',
    identity: {
      ...{ objective: { name: objective.name, ...objective.settings }, codes: { sizes: codes.sizes } },
      ...(learned && { dense: learned }),
      ...(spoken && { language: identityOf(spoken) }),
    },
    namesItems: false,
    check: (model, examples, windows) => {
      checkModel(model, examples, { codes, windows, rows: language?.count ?? symbols.count, language });
      if (isGenerator(model) && temperature !== 1)
        throw new ConfigError(
          `generation: objective.temperature: expected 1 for '${model.kind}', which has logits of its own; got ${temperature}`,
          'objective.temperature',
        );
    },
    loss: ({ model, batch, part, run }) => {
      const context = { symbols, batch, part, run };
      if (language === undefined || sentences === undefined || !isTokenEncoder(model))
        return codeWriter(model, { temperature, dense: learned }).loss(context);
      return languageDecoder(model, { ...decoding(model, { temperature }), language, sentences }).loss(context);
    },
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
  readonly language: Language | undefined;
}

function checkModel(
  model: Model,
  { interactions, starts, targets }: ExampleSet,
  { codes, rows, windows, language }: Expected,
): void {
  codeWriter(model, { temperature: 1 });
  if (language !== undefined && isGenerator(model))
    throw new ConfigError(
      `generation: task.language: expected an encoder of histories, which reads words as it reads codes; got '${model.kind}'; leave it out, or take another model`,
      'task.language',
    );
  const levels = codes.sizes.length;
  const { kind, maxSequenceLength } = model as TokenEncoder;
  if (codes.count !== interactions.numItems)
    throw new ConfigError(
      `generation: codes: expected those of the ${interactions.numItems} items of the data; got ${codes.count}; fit ids to this data`,
      'task.ids',
    );
  if (model.numItems !== rows)
    throw new ConfigError(
      `generation: model: expected one over ${rows} rows of codes${language === undefined ? '' : ' and words'}; got '${kind}' over ${model.numItems}; make it with numItems of ${language === undefined ? 'codeSymbols' : 'languageOf'}`,
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
  // Asked code by code, such a model has other rows than in the one pass that taught it.
  const moves = modelIncremental(model.config)?.refusal;
  if (moves !== undefined)
    throw new ConfigError(
      `generation: model: expected one whose rows stay as they are when a code comes, as one pass teaches all codes; got '${kind}': ${moves}`,
      'model',
    );
  const longest = windows?.maxLength ?? targets.reduce((most, target, e) => Math.max(most, target - starts[e]), 0);
  const read = { levels, language, apart: isGenerator(model) };
  if (tokensOf(longest, read) <= maxSequenceLength) return;
  const fits = Array.from({ length: longest }, (_, events) => events).findLast(
    (events) => tokensOf(events, read) <= maxSequenceLength,
  );
  throw new ConfigError(
    `generation: examples: expected histories of at most ${fits ?? 0} events, ${language === undefined ? `whose ${levels} codes each fit` : 'with which every task fits'} into maxSequenceLength = ${maxSequenceLength}; got one of ${longest}; cut them with latestWindow`,
    'examples',
  );
}
