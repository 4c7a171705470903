import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Catalogue } from '../catalogue.ts';
import type { Limits } from '../limits.ts';
import { type RequestSchemas, replySchemas } from '../schemas.ts';
import type { Service } from '../service.ts';
import type { ZodTypes } from '../zod-routes.ts';

/** A Fastify application whose routes have zod schemas. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

/** What routes answer from. */
export interface RouteContext {
  readonly service: Service;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  readonly schemas: RequestSchemas;
}

/** The answer of a route, and a problem in its place with any other status. */
export function replies<T>(ok: T) {
  return { 200: ok, '4xx': replySchemas.problem, '5xx': replySchemas.problem };
}
