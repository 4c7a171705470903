import { z } from 'zod';

/** Epochs, events, items. */
export const count = z
  .int()
  .positive()
  .max(2 ** 28);

/** Examples of a step. */
export const batch = z
  .int()
  .positive()
  .max(2 ** 20);

/** A name, a path: not empty. */
export const text = z.string().min(1);

/** A part of a whole, neither nothing nor all. */
export const share = z.number().gt(0).lt(1);

export const seed = z.int().min(0);

export const flag = z.boolean();
