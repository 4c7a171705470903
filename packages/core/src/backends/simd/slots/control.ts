// The control block of the queue of jobs, and a job in its ring. Offsets in 32-bit words; each group of words that is
// written by other threads, or at another time, has a line of the cache, 16 words.

/** Integer, 64 bits with the next: tasks of the job in progress that nobody took yet. */
export const LEFT = 0;
/** Integer: number of the job in progress; threads sleep on it. */
export const JOB = 1;
/** Integer: tasks of the job in progress that ended. */
export const DONE = 16;
/** Integer: number of the last job that was handed over. */
export const POSTED = 32;
/** Integer: threads that sleep. */
export const SLEEPERS = 33;
/** Integer: not 0 when the threads are to end. */
export const STOP = 34;
/** Integer: tasks that trapped since somebody looked. */
export const FAILED = 35;
/** Integer: kernel of the last of them. */
export const FAILED_KERNEL = 36;
/** Integer: number of the last job that ended. */
export const COMPLETED = 48;
/** The jobs, by the low bits of their number. */
export const RING = 64;
/** Jobs in the ring, a power of two. */
export const JOBS = 256;
/** Words of a job. */
export const JOB_WORDS = 80;
/** Integer, of a job: its kernel. */
export const KERNEL = 0;
/** Integer, of a job: tasks to hand out. */
export const TASKS = 1;
/** Integer, of a job: how many tasks of the kernel are one of these; 0: one. */
export const WHOLE = 2;
/** The argument block of a job. */
export const ARGUMENTS = 16;
