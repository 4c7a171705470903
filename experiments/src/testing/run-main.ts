import { vi } from 'vitest';
import { main } from '../main.ts';

/** Runs the program in this process, silently. */
export async function runMain(...argv: string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const errors: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(() => undefined),
    vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts.join(' '))),
  ];
  try {
    return { code: await main(argv), errors: errors.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
