import { plateauNext, plateauStart, type ScheduleOptions, schedule } from '@seqrec/core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile } from './file.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const number = z.number();
const scheduleSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('LinearLR'),
    arguments: z.strictObject({
      start_factor: number.default(1 / 3),
      end_factor: number.gt(0).default(1),
      total_iters: size.default(5),
    }),
  }),
  z.object({
    kind: z.literal('CosineAnnealingLR'),
    arguments: z.strictObject({ T_max: size, eta_min: number.default(0) }),
  }),
  z.object({ kind: z.literal('StepLR'), arguments: z.strictObject({ step_size: size, gamma: number.default(0.1) }) }),
  z.object({
    kind: z.literal('ReduceLROnPlateau'),
    arguments: z.strictObject({
      mode: z.enum(['min', 'max']).default('min'),
      factor: number.default(0.1),
      patience: number.default(10),
      threshold: number.default(1e-4),
      threshold_mode: z.enum(['rel', 'abs']).default('rel'),
      cooldown: number.default(0),
      min_lr: number.default(0),
      eps: number.default(1e-8),
    }),
    values: z.array(number),
  }),
]);
const fileSchema = z.object({
  config: z.object({ lr: z.number().gt(0), steps: size, schedules: z.record(z.string(), scheduleSchema) }),
  outputs: z.record(z.string(), z.array(number)),
});
type TorchSchedule = z.output<typeof scheduleSchema>;

/** Schedules of `torch.optim.lr_scheduler` beside ours. Factors are float64 numbers: nothing is lost to float32. */
export async function checkSchedule(json: GoldenFile): Promise<GoldenReport> {
  const { config, outputs } = checkedFields(fileSchema, json);
  const got = Object.entries(config.schedules).map(([name, each]) => [name, ratesOf(each, config)] as const);
  return goldenReport(
    json.name,
    { outputs: await compareTensors(outputs, Object.fromEntries(got)) },
    float32Tolerance(),
  );
}

function ratesOf(given: TorchSchedule, { lr, steps }: { readonly lr: number; readonly steps: number }): number[] {
  if (given.kind === 'ReduceLROnPlateau') {
    const { mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps } = given.arguments;
    const thresholdMode = threshold_mode === 'abs' ? 'absolute' : 'signed';
    const limits = { floor: min_lr / lr, leastChange: eps / lr };
    const options = { mode, factor, patience, threshold, thresholdMode, cooldown, ...limits } as const;
    const states = [plateauStart];
    for (const value of given.values) states.push(plateauNext(states[states.length - 1], value, options));
    return states.map((state) => lr * state.factor);
  }
  const { options, times = 1 } = ours(given, lr);
  const factor = schedule(options);
  return Array.from({ length: steps }, (_, step) => lr * times * factor(step));
}

function ours(
  given: Exclude<TorchSchedule, { kind: 'ReduceLROnPlateau' }>,
  lr: number,
): { options: ScheduleOptions; times?: number } {
  switch (given.kind) {
    case 'LinearLR': {
      const { start_factor, end_factor, total_iters } = given.arguments;
      return { options: { warmUp: { steps: total_iters, from: start_factor / end_factor } }, times: end_factor };
    }
    case 'CosineAnnealingLR': {
      const { T_max, eta_min } = given.arguments;
      return { options: { course: { kind: 'cosine', steps: T_max, floor: eta_min / lr, periodic: true } } };
    }
    case 'StepLR':
      return {
        options: { course: { kind: 'stairs', every: given.arguments.step_size, factor: given.arguments.gamma } },
      };
  }
}
