import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.ts';

/** Headers that decide whether a request is let in. */
export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly authorization?: string | undefined;
}

const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** Hosts that only this machine reaches. */
export function isLocalHost(host: string): boolean {
  return host === '::1' || LOCAL.test(host);
}

/**
 * Lets in who has the token. Without a token the service is for this machine: a request must then name it as its
 * host, so that a page of another site cannot reach it under a name of its own.
 *
 * @throws Problem `unauthorized`, `wrong-host`
 */
export function guard(headers: GuardedHeaders, token: string | undefined): void {
  if (token === undefined) {
    if (isLocalHost(headers.host ?? '')) return;
    throw new Problem('wrong-host', `expected a request to localhost; got one to "${headers.host ?? ''}"`);
  }
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  const got = given === undefined ? 'none' : 'another';
  throw new Problem('unauthorized', `expected "Authorization: Bearer TOKEN" with the token of the service; got ${got}`);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
