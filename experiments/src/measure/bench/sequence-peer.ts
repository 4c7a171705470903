import { objectiveConfigSchema, parseModelConfig } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';

/** What `peers/hstu_step.py` reads of a model, by its kind. All else it has as the defaults are. */
const READ: Readonly<Record<string, readonly string[]>> = {
  hstu: ['dqk', 'dv', 'linearDropout'],
  sasrec: ['ffnDim', 'ffnDropout'],
};
const OF_BOTH = ['embeddingDim', 'maxSequenceLength', 'outputLength', 'numBlocks', 'numHeads', 'inputDropout'] as const;
/** Values that a model begins with: a step takes as long with others. */
const VALUES = new Set(['initialStd', 'projectionInit']);
/** Read by the peers, or the same work. */
const OF_OBJECTIVE = new Set(['kind', 'numNegatives', 'temperature', 'negativeItems']);

type Settings = Readonly<Record<string, unknown>>;

/**
 * The sampled softmax of a recipe that the peers of sequences train too: HSTU or SASRec as the public research code has
 * them, the next item of every event, AdamW.
 *
 * @throws ConfigError that names the first setting that they do not have.
 */
export function sequenceObjective({ model, objective, optimizer }: RecipeConfig): {
  readonly numNegatives: number;
  readonly temperature: number;
} {
  const { kind } = model;
  if (!Object.hasOwn(READ, kind))
    throw refusal('model.kind', `one that has a peer in PyTorch (${Object.keys(READ).join(', ')})`, kind);
  const given = parseModelConfig(model) as unknown as Settings;
  const read = [...OF_BOTH, ...READ[kind]].filter((key) => given[key] !== undefined);
  const plain = parseModelConfig({ kind, ...Object.fromEntries(read.map((key) => [key, given[key]])) });
  const free = new Set<string>([...read, ...VALUES]);
  refuseOthers('model', given, plain as unknown as Settings, free);
  // Absent in configurations from before there were others.
  if (objective.kind !== undefined && objective.kind !== 'sampled-softmax')
    throw refusal('objective.kind', 'sampled-softmax', objective.kind);
  const sampled = objectiveConfigSchema.parse({ kind: 'sampled-softmax' });
  refuseOthers('objective', objective as unknown as Settings, sampled as unknown as Settings, OF_OBJECTIVE);
  const rule = (optimizer as { readonly kind?: string }).kind ?? 'adamw';
  if (rule !== 'adamw') throw refusal('optimizer.kind', 'adamw', rule);
  return objective;
}

function refuseOthers(part: string, given: Settings, plain: Settings, free: ReadonlySet<string>): void {
  for (const key of new Set([...Object.keys(plain), ...Object.keys(given)])) {
    const [got, expected] = [given, plain].map((settings) => JSON.stringify(settings[key]) ?? 'nothing');
    if (!free.has(key) && got !== expected) throw refusal(`${part}.${key}`, expected, got);
  }
}

function refusal(key: string, expected: string, got: string): ConfigError {
  return new ConfigError(`${key}: expected ${expected}, which the peers have; got ${got}`, 'leave --peer out');
}
