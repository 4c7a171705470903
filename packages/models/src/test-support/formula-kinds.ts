import fc from 'fast-check';
import { expect } from 'vitest';
import type { ModelConfigInput } from '../registry.ts';
import { isAllowed } from './allowed-config.ts';
import type { FormulaCase } from './arbitraries.ts';
import { comparePlain } from './compare-plain.ts';
import { encoderCases } from './encoder-cases.ts';
import type { PlainModel } from './plain-maths.ts';

/** By kind. */
export const formulaKinds: Readonly<Record<string, FormulaCase>> = Object.fromEntries(
  Object.entries(encoderCases).map(([kind, { formula }]) => [kind, formula]),
);

/**
 * A model against its formula. Float32 is off by 5e-6 in outputs and 3e-4 in gradients at most, over a
 * thousand configurations.
 *
 * @param slack more than that, as a factor: of a few thousand configurations one has norms of rows that hardly
 *   differ from their mean, which lose a digit or two on every backend
 */
export function expectFormula(config: ModelConfigInput, plain: PlainModel, seed: number, slack = 1): void {
  const { outputs, loss, gradients } = comparePlain(config, plain, seed);
  const steepest = Object.entries(gradients).reduce((a, b) => (b[1] > a[1] ? b : a));
  if (process.env.SEQREC_PRINT) console.log(JSON.stringify({ config, seed, outputs, loss, steepest }));
  expect(outputs).toBeLessThan(2e-5 * slack);
  expect(loss).toBeLessThan(1e-5 * slack);
  expect(steepest[1], `gradient of ${steepest[0]}`).toBeLessThan(1e-3 * slack);
}

/** Random configurations of a kind, as the schema takes them. */
export function allowedConfigs(kind: string): fc.Arbitrary<object> {
  return formulaKinds[kind].configs.map((config) => ({ kind, ...config })).filter(isAllowed);
}

/**
 * Random configurations of a kind of model against its formula.
 *
 * @param tries sets of weights that a configuration may be compared with until it fits with one
 */
export function expectFormulas(
  kind: string,
  seed: number,
  runs = formulaKinds[kind].runs ?? 5,
  { slack = 1, tries = 1 }: { readonly slack?: number; readonly tries?: number } = {},
): void {
  const { plain } = formulaKinds[kind];
  fc.assert(
    fc.property(allowedConfigs(kind), fc.nat(1e6), (config, weightSeed) => {
      for (let i = 0; ; i++) {
        try {
          return expectFormula(config as ModelConfigInput, plain(config as never), weightSeed + i, slack);
        } catch (error) {
          if (i + 1 >= tries) throw error;
        }
      }
    }),
    { seed, numRuns: runs },
  );
}
