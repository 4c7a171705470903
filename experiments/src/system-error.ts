const MEANING: Readonly<Record<string, string>> = {
  ENOENT: 'expected it to be there; there is none; check the path',
  EACCES: 'expected to be allowed to use it; the system refuses; change its owner or mode, or name another place',
  EPERM: 'expected to be allowed to use it; the system refuses; change its owner or mode, or name another place',
  EROFS: 'expected a place that can be written; its disk is read-only; name another place',
  ENOTDIR: 'expected folders above it; one of them is a file; check the path',
  EISDIR: 'expected a file; it is a folder; name a file in it',
  ENOSPC: 'expected room on the disk; it is full; free some, or name another place',
  EDQUOT: 'expected room on the disk; the quota is used up; free some, or name another place',
  EMFILE: 'expected to open a file; this process may open no more; raise `ulimit -n`',
};

/** What an error of the operating system means for the person at the terminal; its own words stay at the end. */
export function systemMessage(error: Error): string | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  const meaning = MEANING[code];
  return meaning === undefined ? undefined : `${path ?? syscall}: ${meaning} (${error.message})`;
}
