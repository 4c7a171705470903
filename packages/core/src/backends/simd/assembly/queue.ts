// The queue of jobs: one thread hands kernels over, all threads run them one after the other, task by task.
import * as CONTROL from '../slots/control';
import { dispatch } from './dispatch';

// A thread takes a task by lowering the low half of the state; the job number in the same word makes a late thread's
// attempt on a finished job fail, so nobody waits for threads that are asleep. Threads sleep on the high half.
// Offsets in bytes of `slots/control.ts`; the state is the two words LEFT and JOB.
const STATE = CONTROL.LEFT << 2;
const JOB = CONTROL.JOB << 2;
const DONE = CONTROL.DONE << 2;
const POSTED = CONTROL.POSTED << 2;
const SLEEPERS = CONTROL.SLEEPERS << 2;
const FAILED = CONTROL.FAILED << 2;
const FAILED_KERNEL = CONTROL.FAILED_KERNEL << 2;
const COMPLETED = CONTROL.COMPLETED << 2;
const RING = CONTROL.RING << 2;
const JOBS: u32 = CONTROL.JOBS;
const JOB_BYTES = CONTROL.JOB_WORDS << 2;
/** Of a job. */
const KERNEL = CONTROL.KERNEL << 2;
const TASKS = CONTROL.TASKS << 2;
const WHOLE = CONTROL.WHOLE << 2;
const ARGUMENTS = CONTROL.ARGUMENTS << 2;

// @ts-ignore: decorator
@inline
function entry(control: usize, job: u32): usize {
  return control + RING + <usize>(job & (JOBS - 1)) * JOB_BYTES;
}

/**
 * Hands over the job after the last one; its arguments are in place. With `serial` one thread runs all its tasks.
 * The caller sees to it that the ring has room.
 */
export function post(control: usize, kernel: i32, tasks: i32, serial: bool): void {
  const job = atomic.load<u32>(control, POSTED) + 1;
  const at = entry(control, job);
  store<i32>(at, kernel, KERNEL);
  store<i32>(at, serial ? 1 : tasks, TASKS);
  store<i32>(at, serial ? tasks : 0, WHOLE);
  atomic.store<u32>(control, job, POSTED);
  advance(control);
}

/** Starts the next job if the last one has ended and there is one. Any thread may find that; one of them starts it. */
function advance(control: usize): void {
  for (;;) {
    const state = atomic.load<u64>(control, STATE);
    const job = <u32>(state >> 32);
    if (<u32>state != 0 || atomic.load<u32>(control, COMPLETED) != job || atomic.load<u32>(control, POSTED) == job) return;
    const tasks = load<u32>(entry(control, job + 1), TASKS);
    if (atomic.cmpxchg<u64>(control, state, (<u64>(job + 1) << 32) | <u64>tasks, STATE) != state) continue;
    if (atomic.load<i32>(control, SLEEPERS) > 0) atomic.notify(control + JOB, tasks > 1 ? -1 : 1);
    return;
  }
}

/** Counts a task of the job in progress; the last one ends the job and starts the next. */
function finish(control: usize): void {
  // The job cannot end before this task is counted.
  const job = atomic.load<u32>(control, JOB);
  const tasks = load<i32>(entry(control, job), TASKS);
  if (atomic.add<i32>(control, 1, DONE) + 1 < tasks) return;
  atomic.store<i32>(control, 0, DONE);
  atomic.store<u32>(control, job, COMPLETED);
  advance(control);
}

/** Takes tasks while there are any. A trap leaves this function with a task taken: then the thread calls `failed`. */
export function work(control: usize): void {
  for (;;) {
    const state = atomic.load<u64>(control, STATE);
    const left = <u32>state;
    if (left == 0) return;
    if (atomic.cmpxchg<u64>(control, state, state - 1, STATE) != state) continue;
    const at = entry(control, <u32>(state >> 32));
    const kernel = load<i32>(at, KERNEL);
    const whole = load<i32>(at, WHOLE);
    if (whole > 0) runSerial(kernel, at + ARGUMENTS, whole);
    else dispatch(kernel, at + ARGUMENTS, <i32>(left - 1));
    finish(control);
  }
}

/**
 * A trap counts as a finished task that failed: the job ends with no thread still inside it, and those after it run.
 */
export function failed(control: usize): void {
  store<i32>(control, load<i32>(entry(control, atomic.load<u32>(control, JOB)), KERNEL), FAILED_KERNEL);
  atomic.add<i32>(control, 1, FAILED);
  finish(control);
}

/** Takes tasks until the job of this number has ended; false after `turns` looks without one. */
export function help(control: usize, job: u32, turns: i32): bool {
  do {
    work(control);
    if (<i32>(atomic.load<u32>(control, COMPLETED) - job) >= 0) return true;
  } while (--turns >= 0);
  return false;
}

/** Runs every task on the calling thread, in the same order as `work` hands them out. */
export function runSerial(kernel: i32, args: usize, tasks: i32): void {
  for (let task = tasks - 1; task >= 0; task--) dispatch(kernel, args, task);
}
