import { resolveConfig } from '../config/load-recipe.ts';
import { type RecipeConfig, recipeConfigSchema } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { windowPolicy } from '../config/windows.ts';
import { prepareData } from '../data/dataset.ts';
import { isExpected } from '../errors.ts';
import { runIds } from '../run/loop/run-ids.ts';
import { checkAgainstData } from '../run/open/check-config.ts';
import { makeTrainer } from '../run/open/make-trainer.ts';
import { Progress } from '../terminal/progress.ts';
import { everyKey } from './every-key.ts';
import { tinyRecipe } from './run-cli.ts';

/** What nobody means: zero, negative, not a number, huge, tiny, empty, twice the same, another type. */
const absurd: readonly unknown[] = [
  ...[0, -1, 0.5, 1e-300, 1e8, 1e9, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
  ...['', 'x', '1', null, true, [], [10, 10], ['x'], {}],
];

const quiet = new Progress({ quiet: true });

/** A run of a small generated world with the keys of `everyKey[name]`. */
export async function configOf(name: string): Promise<RecipeConfig> {
  const overrides = tinyRecipe.slice(1).map((option) => {
    const [key, text] = option.replace('--', '').split('=');
    return { key, text };
  });
  const { config } = await resolveConfig({ recipe: 'synthetic/hstu', overrides });
  const small = {
    ...config,
    data: {
      ...{ ...config.data, records: 64, items: 300, maxCategories: 2, categoryCount: 'exact', prior: 'dirichlet' },
      // Two of the models read times.
      rowNumberAsTime: true,
    },
  };
  const model = { ...config.model, embeddingDim: 8, dqk: 4, dv: 4 };
  const training = {
    ...config.training,
    batchSize: 2,
    parts: 2,
    patience: 3,
    minEpochs: 1,
    weightAverage: { decay: 0.5 },
  };
  return validate(recipeConfigSchema(), { ...small, model, training, ...everyKey[name] });
}

type Path = readonly string[];
export function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield path;
  else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
}
const replaced = (value: unknown, [key, ...rest]: Path, leaf: unknown): unknown =>
  key === undefined
    ? leaf
    : { ...(value as object), [key]: replaced((value as Record<string, unknown>)[key], rest, leaf) };

/** What a key means: its path, with the kinds of what it lies in. */
function meaningOf(config: unknown, path: Path): string {
  let inner = config as Record<string, unknown>;
  const words = path.map((key) => {
    const kinds = ['kind', 'policy', 'format'].map((tag) => inner[tag]).filter((tag) => typeof tag === 'string');
    inner = inner[key] as Record<string, unknown>;
    return [...kinds, key].join(' ');
  });
  return words.join('.');
}

/** All that is checked before a run folder is made, then the first step. */
export async function begin(value: unknown): Promise<void> {
  const config = validate(recipeConfigSchema(), value);
  windowPolicy(config);
  const { split, ...others } = await prepareData(config.data, '.', quiet);
  // The world has no validation set, which patience and plateaus need.
  const prepared = { ...others, split: { ...split, validation: split.test } };
  checkAgainstData(config, prepared);
  const generation = await runIds(config, prepared, { progress: quiet });
  const data = { ...prepared, ...(generation && { generation }) };
  const trainer = await makeTrainer(config, data, {}, { progress: quiet });
  let started = false;
  try {
    started = true;
    await trainer.step();
  } catch (error) {
    // A rate of 1e300 is for the first step to find out; everything else must have been refused before.
    const { name } = error as Error;
    if (!(started && name === 'TrainingError')) throw new Error(`after the run folder: ${(error as Error).message}`);
  } finally {
    trainer.dispose();
    trainer.model.dispose();
  }
}

/**
 * What went wrong with each key of a configuration that `tried` does not have, at each absurd value: neither refused
 * with a reason nor in order.
 */
export async function failuresOf(name: string, tried: Set<string>): Promise<string[]> {
  const config = await configOf(name);
  const failures: string[] = [];
  for (const path of leaves(config)) {
    // A tag names another kind, which has keys of its own.
    if (['kind', 'policy', 'format'].includes(path.at(-1)!)) continue;
    const meaning = meaningOf(config, path);
    if (tried.has(meaning)) continue;
    tried.add(meaning);
    for (const value of absurd) {
      // A larger world is no mistake, it only takes its time.
      if (path[0] === 'data' && typeof value === 'number' && value > 1000 && Number.isFinite(value)) continue;
      try {
        await begin(replaced(config, path, value));
      } catch (error) {
        const { message } = error as Error;
        const key = path.at(-1)!;
        const helpful = isExpected(error) && message.includes('expected') && message.includes(key);
        if (!helpful) failures.push(`${path.join('.')} = ${JSON.stringify(value) ?? value}: ${message.slice(0, 200)}`);
      }
    }
  }
  return failures;
}
