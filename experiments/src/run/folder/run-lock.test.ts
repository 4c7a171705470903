import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRunDir, type RunDir } from './run-dir.ts';
import { type LockOwner, lockRun, RunLockedError, refuseLocked } from './run-lock.ts';

const newRun = () => createRunDir(mkdtempSync(join(tmpdir(), 'seqrec-lock-')), 'x', {}, new Date());
const host = hostname();
const write = (run: RunDir, owner: LockOwner) => writeFileSync(run.lock, JSON.stringify(owner));
/** The number of a process that has ended. */
const goneProcess = () => spawnSync(process.execPath, ['--version']).pid;

test('one lock at a time, named in the error; after its release the next', () => {
  const run = newRun();
  const lock = lockRun(run);
  expect(JSON.parse(readFileSync(run.lock, 'utf8'))).toMatchObject({ pid: process.pid, host });
  const second = () => lockRun(run);
  expect(second).toThrow(RunLockedError);
  expect(second).toThrow(
    `run ${run.id}: expected that no other process writes it; got process ${process.pid} on ${host}; wait for it or stop it (if it is gone, remove ${run.lock})`,
  );
  expect(() => refuseLocked(run)).toThrow(RunLockedError);
  lock.release();
  expect(readdirSync(run.path)).toEqual(['checkpoints']);
  refuseLocked(run);
  lockRun(run).release();
});

test('a lock whose process is gone is taken over, and nothing of it is left', () => {
  const run = newRun();
  write(run, { pid: goneProcess(), host });
  refuseLocked(run);
  const lock = lockRun(run);
  expect(JSON.parse(readFileSync(run.lock, 'utf8')).pid).toBe(process.pid);
  expect(readdirSync(run.path).sort()).toEqual(['checkpoints', 'run.lock']);
  lock.release();
});

test('a number given to another process since is not the process of the lock', () => {
  const run = newRun();
  write(run, { pid: process.ppid, host, began: '-1' });
  lockRun(run).release();
  write(run, { pid: process.ppid, host });
  expect(() => lockRun(run)).toThrow(RunLockedError);
});

// Without an init process, as in many containers, what was killed stays in the table of processes.
test.skipIf(process.platform !== 'linux')('a process that ended without being waited for is gone', async () => {
  const parent = spawn('sh', ['-c', 'sleep 300 & echo $!; exec sleep 300']);
  const [text] = await once(parent.stdout, 'data');
  const pid = Number(String(text));
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  // Until it has become the second `sleep`, the shell would wait for its child.
  while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim() !== 'sleep') await sleep(5);
  const run = newRun();
  write(run, { pid, host, began: stat()[21] });
  expect(() => lockRun(run)).toThrow(`process ${pid}`);
  process.kill(pid);
  while (stat()[2] !== 'Z') await sleep(20);
  lockRun(run).release();
  parent.kill();
});

test('a lock of another machine holds: from here nobody can tell', () => {
  const run = newRun();
  write(run, { pid: goneProcess(), host: 'elsewhere' });
  expect(() => lockRun(run)).toThrow('on elsewhere');
});

test('an empty lock is one in the making, unless it is old', () => {
  const run = newRun();
  writeFileSync(run.lock, '');
  expect(() => lockRun(run)).toThrow('a process that is just starting');
  utimesSync(run.lock, 1000, 1000);
  lockRun(run).release();
});

test('release leaves a lock that another process has taken meanwhile', () => {
  const run = newRun();
  const lock = lockRun(run);
  write(run, { pid: process.ppid, host });
  lock.release();
  expect(existsSync(run.lock)).toBe(true);
});

test('a process that exits in the middle releases, a killed one is followed by the next', async () => {
  const run = newRun();
  const module = fileURLToPath(new URL('./run-lock.ts', import.meta.url));
  const start = async (then: string) => {
    const script = `import { lockRun } from ${JSON.stringify(module)}; lockRun(${JSON.stringify(run)}); console.log('locked'); ${then}`;
    const child = spawn(process.execPath, ['--conditions=@seqrec/source', '--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    return { child, ended: once(child, 'close') };
  };
  const exiting = await start('setTimeout(() => process.exit(130), 50)');
  await exiting.ended;
  expect(existsSync(run.lock)).toBe(false);

  const killed = await start('setInterval(() => {}, 1000)');
  expect(() => lockRun(run)).toThrow(`got process ${killed.child.pid} on ${host}`);
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(existsSync(run.lock)).toBe(true);
  lockRun(run).release();
});
