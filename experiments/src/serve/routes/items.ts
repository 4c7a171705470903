import { Problem } from '../problem.ts';
import { replySchemas } from '../schemas.ts';
import { checkLength, namedItems } from '../translate.ts';
import { type App, type RouteContext, replies } from './context.ts';

/** What is asked about items. */
export function itemRoutes(app: App, { service, catalogue, limits, schemas }: RouteContext): void {
  app.get(
    '/v1/items/:id/similar',
    {
      schema: {
        summary: 'Items like one',
        params: schemas.item,
        querystring: schemas.similar,
        response: replies(replySchemas.similar),
      },
    },
    async ({ params: { id }, query: { k } }) => {
      checkLength('k', k, limits.top);
      const item = catalogue.dense(id);
      if (item === undefined) {
        throw new Problem('no-item', `expected an item of ${catalogue.name}; got "${id}"`, { item: id });
      }
      return { items: namedItems(catalogue, await service.similar(item, k)) };
    },
  );
}
