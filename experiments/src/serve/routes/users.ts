import { userEvent } from '@seqrec/models';
import { z } from 'zod';
import { readCandidates, writeScores } from '../binary.ts';
import { replySchemas } from '../schemas.ts';
import { checkLength, checkRating, denseItem, denseItems, namedItems, nameOf } from '../translate.ts';
import { BINARY } from '../zod-routes.ts';
import { type App, type RouteContext, replies } from './context.ts';

const BYTES = z.instanceof(Uint8Array).meta({ type: 'string', format: 'binary' });

/** What happens to users, and what is asked about them. */
export function userRoutes(app: App, { service, catalogue, limits, schemas }: RouteContext): void {
  app.post(
    '/v1/users/:id/events',
    {
      schema: {
        summary: 'Add events to the history of a user; all of them or none',
        params: schemas.user,
        querystring: schemas.noQuery,
        body: schemas.events,
        response: replies(replySchemas.held),
      },
    },
    async ({ params, body }) => {
      checkLength('events', body.events.length, limits.events);
      const events = body.events.map(({ item, time, rating }, i) => {
        checkRating(`events.${i}.rating`, rating);
        return userEvent(denseItem(catalogue, item, `events.${i}.item`), time, rating);
      });
      return { events: await service.append(params.id, events) };
    },
  );

  app.post(
    '/v1/users/:id/score',
    {
      schema: {
        summary: 'Score candidates as the next item of a user',
        description:
          'A binary body holds the number of candidates as u32, then as many dense item ids as i32, little-endian; ' +
          'the answer then holds as many float32, little-endian.',
        params: schemas.user,
        querystring: schemas.scoreQuery,
        body: {
          content: {
            'application/json': { schema: schemas.score },
            [BINARY]: { schema: BYTES },
          },
        },
        response: replies({
          description: 'In the order of the candidates',
          content: { 'application/json': { schema: replySchemas.scores }, [BINARY]: { schema: BYTES } },
        }),
      },
    },
    async ({ params, query, body }, reply) => {
      if (body instanceof Uint8Array) {
        checkLength('candidates', Math.floor(body.byteLength / 4) - 1, limits.candidates);
        const candidates = readCandidates(body, catalogue.numItems);
        const { scores } = await service.score(params.id, query.at, candidates);
        return reply.type(BINARY).send(writeScores(scores));
      }
      const { at, candidates: given } = body as z.output<typeof schemas.score>;
      checkLength('candidates', given.length, limits.candidates);
      const candidates = denseItems(catalogue, given, 'candidates');
      const answer = await service.score(params.id, at ?? query.at, candidates);
      return { at: answer.at, scores: Array.from(answer.scores) };
    },
  );

  app.post(
    '/v1/users/:id/top',
    {
      schema: {
        summary: 'The items that are expected next of a user',
        params: schemas.user,
        querystring: schemas.noQuery,
        body: schemas.top,
        response: replies(replySchemas.top),
      },
    },
    async ({ params, body: { at, k, exclude } }) => {
      checkLength('k', k, limits.top);
      if (typeof exclude !== 'string') checkLength('exclude', exclude.length, limits.candidates);
      const left = typeof exclude === 'string' ? exclude : denseItems(catalogue, exclude, 'exclude');
      const answer = await service.top(params.id, at, k, left);
      return { at: answer.at, items: namedItems(catalogue, answer) };
    },
  );

  app.get(
    '/v1/users/:id',
    {
      schema: {
        summary: 'How many events a user has, and the last',
        params: schemas.user,
        querystring: schemas.noQuery,
        response: replies(replySchemas.user),
      },
    },
    async ({ params: { id } }) => {
      const { events, last } = service.about(id);
      return { user: id, events, last: { ...nameOf(catalogue, last.item), time: last.time, rating: last.rating } };
    },
  );

  app.delete(
    '/v1/users/:id',
    {
      schema: {
        summary: 'Forget a user and their history',
        params: schemas.user,
        querystring: schemas.noQuery,
        response: replies(replySchemas.forgotten),
      },
    },
    async ({ params: { id } }) => {
      await service.forget(id);
      return { user: id };
    },
  );
}
