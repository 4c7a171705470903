import { UnsupportedError } from '../errors.ts';

/** What the learning rate is multiplied by at step 0, 1, ... */
export type Schedule = (step: number) => number;

/** The course after the warm-up; `s` counts steps from its end. */
export type ScheduleCourse =
  /** 1. */
  | { readonly kind: 'constant' }
  /** From 1 to `floor` in `steps` steps, then `floor`: `1 - (1 - floor) min(s / steps, 1)`. `floor` is 0 by default. */
  | { readonly kind: 'linear'; readonly steps: number; readonly floor?: number }
  /**
   * Half a cosine from 1 to `floor` in `steps` steps: `floor + (1 - floor) (1 + cos(pi s / steps)) / 2`, then `floor`.
   * `floor` is 0 by default. With `periodic` it rises again, as `torch.optim.lr_scheduler.CosineAnnealingLR` does.
   */
  | { readonly kind: 'cosine'; readonly steps: number; readonly floor?: number; readonly periodic?: boolean }
  /** `1 / sqrt(1 + s / steps)`; `steps` are those of the warm-up by default: then it is `sqrt(steps / step)`. */
  | { readonly kind: 'inverse-square-root'; readonly steps?: number }
  /** Times `factor` after each `every` steps: `factor^floor(s / every)`. */
  | { readonly kind: 'stairs'; readonly every: number; readonly factor: number };

export interface ScheduleOptions {
  /** `from + (1 - from) step / steps` before step `steps`; `from` is 0 by default. Left out: no warm-up. */
  readonly warmUp?: { readonly steps: number; readonly from?: number };
  /** Default: constant. */
  readonly course?: ScheduleCourse;
}

/**
 * A learning-rate schedule: linear warm-up, then a course. A pure function of the step, so a resumed run needs no state
 * of it.
 *
 * @throws UnsupportedError for a number outside its range.
 * Source: the formulas of `torch.optim.lr_scheduler`; Loshchilov and Hutter 2017 (arXiv:1608.03983) for the cosine;
 *   Vaswani et al. 2017, section 5.3 (arXiv:1706.03762), for the inverse square root.
 */
export function schedule({ warmUp = { steps: 0 }, course = { kind: 'constant' } }: ScheduleOptions): Schedule {
  const { steps, from = 0 } = warmUp;
  need('warmUp.steps', steps, Number.isInteger(steps) && steps >= 0, 'a whole number of at least 0');
  need('warmUp.from', from, from >= 0, 'at least 0');
  const after = courseOf(course, steps);
  return (step) => (step < steps ? from + ((1 - from) * step) / steps : after(step - steps));
}

function courseOf(course: ScheduleCourse, warmUpSteps: number): (since: number) => number {
  switch (course.kind) {
    case 'constant':
      return () => 1;
    case 'linear': {
      const { steps, floor } = falling(course);
      return (since) => 1 - (1 - floor) * Math.min(since / steps, 1);
    }
    case 'cosine': {
      const { steps, floor } = falling(course);
      const { periodic = false } = course;
      return (since) => {
        const part = periodic ? since / steps : Math.min(since / steps, 1);
        return floor + ((1 - floor) * (1 + Math.cos(Math.PI * part))) / 2;
      };
    }
    case 'inverse-square-root': {
      const { steps = Math.max(1, warmUpSteps) } = course;
      need('course.steps', steps, steps > 0, 'above 0');
      return (since) => Math.sqrt(steps / (steps + since));
    }
    case 'stairs': {
      const { every, factor } = course;
      need('course.every', every, Number.isInteger(every) && every > 0, 'a whole number above 0');
      need('course.factor', factor, factor >= 0, 'at least 0');
      return (since) => factor ** Math.floor(since / every);
    }
  }
}

function falling({ steps, floor = 0 }: { readonly steps: number; readonly floor?: number }): {
  steps: number;
  floor: number;
} {
  need('course.steps', steps, steps > 0, 'above 0');
  need('course.floor', floor, floor >= 0, 'at least 0');
  return { steps, floor };
}

function need(name: string, value: number, holds: boolean, expected: string): void {
  if (!holds) throw new UnsupportedError(`schedule: ${name}: expected ${expected}; got ${value}`);
}
