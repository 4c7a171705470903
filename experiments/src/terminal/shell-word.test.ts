import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from './shell-word.ts';

const words = ['plain', 'runs/a-b_c.1', '1,2', 'control, K = 50;mixed', "it's", '["popularity"]', '$HOME', '*', ''];

test.skipIf(process.platform === 'win32')('a shell reads every word back', () => {
  const script = `for word in "$@"; do printf '%s\\n' "$word"; done`;
  const line = `set -- ${words.map(shellWord).join(' ')}; ${script}`;
  expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(`${words.join('\n')}\n`);
  expect(shellWord('runs/a-b_c.1')).toBe('runs/a-b_c.1');
});
