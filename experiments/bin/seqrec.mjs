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
const args = ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)];
// The command takes the place of this process, so that there is nobody to hand a signal on: what is sent to one
// process, or to the group of a terminal, arrives once.
if (process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...args], process.env);
// Windows cannot replace a process. There the console gives its signals to every process of it; this one only waits.
const child = spawn(process.execPath, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGBREAK', 'SIGHUP']) process.on(signal, () => undefined);
child.on('exit', (code) => process.exit(code ?? 1));
