import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Catalogue } from './catalogue.ts';
import { guard } from './guard.ts';
import type { Limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import { mediaType, problemOf } from './problem-of.ts';
import type { App, RouteContext } from './routes/context.ts';
import { itemRoutes } from './routes/items.ts';
import { systemRoutes } from './routes/system.ts';
import { userRoutes } from './routes/users.ts';
import { requestSchemas } from './schemas.ts';
import type { Service } from './service.ts';
import { BINARY, jsonSchemas, plainSerializer, refusesBytes, type ZodTypes, zodValidator } from './zod-routes.ts';

export interface AppOptions {
  readonly service: Service;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** What clients must send as `Authorization: Bearer TOKEN`; without, only this machine is answered. */
  readonly token?: string;
  /** Told of defects: what a client gets is only that there was one. */
  readonly onDefect?: (error: unknown) => void;
}

/** Open to everybody: whoever watches over the service has no token. */
const OPEN = '/healthz';

/** How often clients that are too slow are looked for. */
const CHECK_MS = 1000;

/** The HTTP side of a service: who may ask, what a request must look like, and what each refusal is called. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { service, catalogue, limits, metrics, token } = options;
  const idLength = 3 * limits.userId;
  const refuse = (error: unknown, reply: FastifyReply) => {
    const problem =
      problemOf(error, { ...limits, idLength }) ?? new Problem('internal', 'a defect of the service; its log has more');
    if (problem.kind === 'internal') options.onDefect?.(error);
    if (problem.kind === 'busy') reply.header('Retry-After', String(problem.facts?.retryAfterSeconds ?? 1));
    if (problem.kind === 'unauthorized') reply.header('WWW-Authenticate', 'Bearer');
    return reply.status(problem.status).send(problem.body);
  };
  let stopping = false;
  const letIn = ({ url, headers }: Pick<FastifyRequest, 'url' | 'headers'>): void => {
    if (stopping) throw new Problem('stopping', 'the service is stopping; try again when it is back');
    if (url !== OPEN) guard(headers, token);
  };
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    http: { connectionsCheckingInterval: Math.min(CHECK_MS, limits.requestMs), headersTimeout: limits.requestMs },
    forceCloseConnections: 'idle',
    // Said by the hook below, in the form of all refusals.
    return503OnClosing: false,
    // Of a path that cannot be read, which no hook and no handler sees.
    frameworkErrors(error, request, reply) {
      let why: unknown = error;
      try {
        letIn(request);
      } catch (refusal) {
        why = refusal;
      }
      refuse(why, reply as FastifyReply);
    },
    routerOptions: { maxParamLength: idLength },
  }).withTypeProvider<ZodTypes>() as App;

  app.setValidatorCompiler(zodValidator);
  app.setSerializerCompiler(plainSerializer);
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(BINARY, { parseAs: 'buffer' }, ({ routeOptions }, body, done) => {
    if (refusesBytes(routeOptions.schema)) done(mediaType());
    else done(null, body);
  });

  app.addHook('preClose', async () => {
    stopping = true;
  });
  app.addHook('onRequest', async (request) => letIn(request));
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.answered(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error, _, reply) => refuse(error, reply));
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem(
      'no-route',
      `${request.method} ${request.url}: no such route; /openapi.json lists them`,
    );
    return reply.status(problem.status).send(problem.body);
  });

  await app.register(swagger, {
    openapi: {
      info: { title: 'seqrec', description: `Recommendations about ${catalogue.name}`, version: '1' },
      ...(token !== undefined && {
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      }),
    },
    transform: jsonSchemas,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });

  const context: RouteContext = { service, catalogue, limits, schemas: requestSchemas(limits, catalogue) };
  userRoutes(app, context);
  itemRoutes(app, context);
  systemRoutes(app, context, metrics.text, metrics.contentType);
  metrics.watch(service);
  await app.ready();
  return app;
}
