import { z } from 'zod';
import { Problem } from './problem.ts';

/** Bytes of a body, and characters of an id in a path, that a request may have. */
interface Longest {
  readonly bodyBytes: number;
  readonly idLength: number;
}

/** Characters of a message: those of Fastify quote the whole path. */
const SHOWN = 200;

/** What a client is told of an error of Fastify, of a schema, or of ours; nothing for a defect. */
export function problemOf(error: unknown, { bodyBytes, idLength }: Longest): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return new Problem('malformed', sentence(error));
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  switch (error.statusCode) {
    case 413:
      return new Problem('too-large', `body: expected at most ${bodyBytes} bytes; got more`, { limit: bodyBytes });
    case 414:
      return new Problem('too-long', `path: expected an id of at most ${idLength} characters; got more`, {
        limit: idLength,
      });
    case 415:
      return mediaType();
    default:
      return Number(error.statusCode) < 500 ? new Problem('malformed', shortened(error.message)) : undefined;
  }
}

/** Of a body that is no JSON, where JSON alone is taken. */
export function mediaType(): Problem {
  return new Problem(
    'media-type',
    'expected a body of type application/json; got another; only scores also take application/octet-stream',
  );
}

/** Without its middle, where it is long. */
function shortened(message: string): string {
  return message.length <= SHOWN ? message : `${message.slice(0, SHOWN / 2)}...${message.slice(-SHOWN / 2)}`;
}

/** The parts of a request as Fastify names them in `validationContext`, where another name is clearer. */
const PARTS: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' };

function sentence({ issues, validationContext = 'body' }: z.ZodError & { validationContext?: string }): string {
  const [first] = issues;
  const where = first.path.length === 0 ? (PARTS[validationContext] ?? validationContext) : first.path.join('.');
  const more = issues.length === 1 ? '' : ` (and ${issues.length - 1} more)`;
  return `${where}: ${first.message}${more}`;
}
