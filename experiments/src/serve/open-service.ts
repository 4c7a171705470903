import { isRating, type UserEvent, userEvent } from '@seqrec/models';
import { RunError } from '../errors.ts';
import type { Catalogue } from './catalogue.ts';
import { EventLog } from './event-log.ts';
import type { LoggedEvent } from './log-record.ts';
import type { ReadLog } from './read-log.ts';
import { Service, type ServiceOptions } from './service.ts';

export interface OpenServiceOptions extends Omit<ServiceOptions, 'log' | 'forgotten'> {
  readonly logFile: string;
  /** Told what a person should know. */
  readonly note: (text: string) => void;
}

/**
 * A service with the users that its log holds.
 *
 * @throws RunError when the log is not of these data.
 */
export async function openService({ logFile, note, ...options }: OpenServiceOptions): Promise<Service> {
  const { log, found } = await EventLog.open(logFile, options.catalogue.digest);
  try {
    if (found.tornBytes > 0) {
      note(`note: ${logFile}: dropped ${found.tornBytes} bytes of a last line that was not written to its end`);
    }
    const users = usersOf(found, options.catalogue, logFile, note);
    const service = new Service({ ...options, log, forgotten: found.dropped });
    await service.restore(users);
    if (users.size > 0) note(`${logFile}: ${users.size} users with events of the log`);
    return service;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** Histories of the users of a log, what the data hold of them first. */
function usersOf(
  found: ReadLog,
  catalogue: Catalogue,
  file: string,
  note: OpenServiceOptions['note'],
): ReadonlyMap<string, readonly UserEvent[]> {
  const users = new Map<string, readonly UserEvent[]>();
  let leftOut = 0;
  for (const [user, logged] of found.users) {
    // What the data hold of a user who was dropped is forgotten.
    const ofData = (!found.dropped.has(user) && catalogue.history(user)) || [];
    checkHeld(user, logged.held, ofData.length, file);
    users.set(user, [...ofData, ...eventsOf(catalogue, logged.events, file)]);
    leftOut += logged.events.filter(([, , rating]) => rating !== undefined && !isRating(rating)).length;
  }
  if (leftOut > 0) note(`note: ${file}: left out ratings that are not finite as 32-bit floats, ${leftOut} of them`);
  return users;
}

/** @throws RunError unless the log was begun after what the data hold of a user. */
function checkHeld(user: string, held: number, got: number, file: string): void {
  if (got === held) return;
  throw new RunError(
    `${file}: user "${user}": expected ${held} events of the data before those of the log; got ${got}; was the log written with --no-users, or without? if in both ways, remove the lines of such users, or name another file with --log`,
  );
}

/** Events of the log. A rating beyond what models read, which was taken once, is not known. */
function eventsOf(catalogue: Catalogue, logged: readonly LoggedEvent[], file: string): UserEvent[] {
  return logged.map(([external, time, rating]) => {
    const item = catalogue.dense(external);
    if (item === undefined) throw new RunError(`${file}: expected items of ${catalogue.name}; got "${external}"`);
    return userEvent(item, time, rating !== undefined && isRating(rating) ? rating : undefined);
  });
}
