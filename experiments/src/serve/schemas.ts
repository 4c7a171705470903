import { z } from 'zod';
import type { Catalogue } from './catalogue.ts';
import type { Limits } from './limits.ts';
import { problemKinds } from './problem.ts';

/** Ids of a data file: a number is its text. */
const id = z.union([z.string().min(1), z.int().transform(String)]).describe('Item, by the id of the data');
const count = z.int().min(1);
/** A number in a query; no text is none, and not 0. */
const numberText = z.preprocess(
  (text) => (typeof text === 'string' && text.trim() === '' ? Number.NaN : text),
  z.coerce.number(),
);

const named = z.object({ item: z.string(), title: z.string().optional(), score: z.number() });

/** Schemas of requests; how long lists may be is checked apart, with a status code of its own. */
export function requestSchemas({ userId }: Limits, { hasTimes }: Pick<Catalogue, 'hasTimes'>) {
  const time = hasTimes ? 'Seconds since 1970' : 'Place in the history, counted from 0';
  const moment = hasTimes ? 'the time of the last event' : 'the place after the last event';
  const at = z.number().describe(`${time}, not before the last event; default: ${moment}`);
  return {
    user: z.object({ id: z.string().min(1).max(userId).describe('User') }),
    item: z.object({ id: z.string().min(1).describe('Item, by the id of the data') }),
    events: z.strictObject({
      events: z
        .array(
          z.strictObject({
            item: id,
            time: z.number().describe(`${time}, not before the event before`),
            rating: z.number().optional().describe('What was done, for models that read it'),
          }),
        )
        .min(1)
        .describe('Oldest first'),
    }),
    score: z.strictObject({ at: at.optional(), candidates: z.array(id) }),
    scoreQuery: z.strictObject({ at: numberText.optional().describe('Of a binary body; see the JSON body') }),
    top: z.strictObject({
      at: at.optional(),
      k: count.default(10).describe('How many items'),
      exclude: z
        .union([z.enum(['seen', 'none']), z.array(id)])
        .default('seen')
        .describe('Items to leave out: those of the history, none, or these'),
    }),
    /** Of routes that read no query. */
    noQuery: z.strictObject({}),
    similar: z.strictObject({ k: z.coerce.number().pipe(count).default(10).describe('How many items') }),
  };
}

export type RequestSchemas = ReturnType<typeof requestSchemas>;

/** Schemas of answers. */
export const replySchemas = {
  held: z.object({ events: z.int().describe('Events held of the user') }),
  user: z.object({
    user: z.string(),
    events: z.int().describe('Events held'),
    last: z.object({
      item: z.string(),
      title: z.string().optional(),
      time: z.number(),
      rating: z.number().optional(),
    }),
  }),
  scores: z.object({ at: z.number(), scores: z.array(z.number()).describe('In the order of the candidates') }),
  top: z.object({ at: z.number(), items: z.array(named).describe('Best first') }),
  similar: z.object({ items: z.array(named).describe('Most similar first') }),
  forgotten: z.object({ user: z.string() }),
  health: z.object({ status: z.literal('ok'), data: z.string(), items: z.int(), users: z.int() }),
  problem: z.object({
    status: z.int(),
    error: z.enum(problemKinds),
    message: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
};
