import { replySchemas } from '../schemas.ts';
import type { App, RouteContext } from './context.ts';

/** Of the service itself: whether it lives, and what it measures. */
export function systemRoutes(app: App, context: RouteContext, metrics: () => Promise<string>, type: string): void {
  const { service, catalogue } = context;
  app.get(
    '/healthz',
    { schema: { summary: 'Whether the service answers', response: { 200: replySchemas.health } } },
    async () => ({ status: 'ok' as const, data: catalogue.name, items: catalogue.numItems, users: service.users }),
  );
  app.get('/metrics', { schema: { summary: 'Figures for Prometheus' } }, async (_, reply) =>
    reply.type(type).send(await metrics()),
  );
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
