#!/usr/bin/env node
// Starts the command on the TypeScript sources: Node 24 strips the types, and the `@seqrec/source` condition
// makes every workspace package resolve to its `src`, so a fresh clone needs no build.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `seqrec: Node 24 or newer is needed to run from sources; this is ${process.version}. Start it as \`npx -y pnpm@12 seqrec ...\`.`,
  );
  process.exit(1);
}
const child = spawn(
  process.execPath,
  ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
// The child shares the terminal's process group: it gets Ctrl-C itself, and this parent only waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
