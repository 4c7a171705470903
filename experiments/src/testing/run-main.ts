import { vi } from 'vitest';
import { main } from '../main.ts';

export interface MainRun {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs the program in this process, silently. */
export async function runMain(...argv: string[]): Promise<MainRun> {
  const output: string[] = [];
  const errors: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...parts) => void output.push(parts.join(' '))),
    vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts.join(' '))),
  ];
  try {
    return { code: await main(argv), output: output.join('\n'), errors: errors.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
