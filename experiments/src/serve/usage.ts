import { shellWord } from '../terminal/shell-word.ts';

/** Ids to show requests with. */
export interface UsageIds {
  readonly user: string | undefined;
  readonly item: string;
  /** Of the event that is shown. */
  readonly time: number;
  readonly token: string | undefined;
}

/** Requests that a person can try. */
export function usageOf(url: string, { user, item, time, token }: UsageIds): string {
  const of = `${url}/v1/users/${encodeURIComponent(user ?? 'somebody')}`;
  const curl = `curl -s ${token === undefined ? '' : "-H 'Authorization: Bearer TOKEN' "}-H 'Content-Type: application/json'`;
  const event = JSON.stringify({ events: [{ item, time }] });
  return [
    `${url}/docs  (Ctrl-C ends)`,
    `  ${curl} ${shellWord(`${of}/events`)} -d ${shellWord(event)}`,
    `  ${curl} ${shellWord(`${of}/top`)} -d ${shellWord('{"k":5}')}`,
  ].join('\n');
}
