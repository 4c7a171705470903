import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { RunError } from '../../errors.ts';
import type { RunDir } from './run-dir.ts';

/** Who writes a run folder, as its lock file says. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /**
   * When the process began, where the system tells: a number given out again is then not taken for its former bearer.
   */
  readonly began?: string;
}

/** Another process writes the run folder. */
export class RunLockedError extends RunError {
  override readonly name: string = 'RunLockedError';
  readonly run: string;
  readonly owner: LockOwner | undefined;
  constructor(run: RunDir, owner: LockOwner | undefined) {
    const who = owner === undefined ? 'a process that is just starting' : `process ${owner.pid} on ${owner.host}`;
    super(
      `run ${run.id}: expected that no other process writes it; got ${who}; wait for it or stop it (if it is gone, remove ${run.lock})`,
    );
    this.run = run.id;
    this.owner = owner;
  }
}

export interface RunLock {
  release(): void;
}

/** A lock file is empty for a moment between its creation and its content; one that stays so was left by a crash. */
const EMPTY_MS = 5_000;

/**
 * Makes this process the only writer of a run folder until `release`, or until it exits.
 *
 * A lock left behind by a process of this machine that is gone (`kill -9`, power) is taken over. One of another machine
 * cannot be judged from here and holds.
 *
 * @throws RunLockedError naming process and run.
 */
export function lockRun(run: RunDir): RunLock {
  const own = JSON.stringify({ pid: process.pid, host: hostname(), began: beginning(process.pid) } satisfies LockOwner);
  while (!created(run.lock, own)) {
    const found = read(run.lock);
    if (found === undefined) continue;
    const owner = parseOwner(found);
    if (owner === undefined ? !isOld(run.lock) : isAlive(owner)) throw new RunLockedError(run, owner);
    takeAway(run.lock, found);
  }
  const release = (): void => {
    process.off('exit', release);
    if (read(run.lock) === own) rmSync(run.lock, { force: true });
  };
  // The second Ctrl-C ends the process without a way through `finally`.
  process.on('exit', release);
  return { release };
}

/** @throws RunLockedError as `lockRun` does, to refuse before anything slow; it takes no lock. */
export function refuseLocked(run: RunDir): void {
  const found = read(run.lock);
  const owner = found === undefined ? undefined : parseOwner(found);
  if (owner !== undefined && isAlive(owner)) throw new RunLockedError(run, owner);
}

function created(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a stale lock. Of two processes that found the same one, the second may already meet the first's new lock:
 * what was moved aside is looked at, and a lock that is not the stale one goes back.
 */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.tmp`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  if (moved !== undefined && moved !== stale) created(file, moved);
  rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const value = JSON.parse(text) as LockOwner | null;
    return Number.isSafeInteger(value?.pid) && typeof value?.host === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOld(file: string): boolean {
  const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  return Date.now() - mtimeMs > EMPTY_MS;
}

function isAlive({ pid, host, began }: LockOwner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if (codeOf(error) === 'ESRCH') return false;
  }
  return began === undefined || began === beginning(pid);
}

/**
 * Clock ticks from boot to the start of a process, field 22 of Linux's `/proc/PID/stat`; elsewhere `undefined`. Of a
 * process that has ended and waits for its parent to take note also `undefined`: it writes no more.
 */
function beginning(pid: number): string | undefined {
  try {
    // The name, field 2, may hold spaces and brackets: count from its last bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, '').trim().split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
