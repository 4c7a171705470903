#!/usr/bin/env node
// Starts the command. In a clone on the TypeScript sources: Node 24 strips the types, and the `@seqrec/source`
// condition makes every workspace package resolve to its `src`, so that no build is needed. As an installed package,
// which has no sources, on what they were compiled to.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const isClone = existsSync(sources);
const [major, minor] = process.versions.node.split('.').map(Number);
if (isClone && major < 24) {
  console.error(
    `seqrec: Node 24 or newer is needed to run from sources; this is ${process.version}. Start it as \`npx -y pnpm@12 seqrec ...\`.`,
  );
  process.exit(1);
}
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`seqrec: Node 22.18 or newer is needed; this is ${process.version}.`);
  process.exit(1);
}
const cli = isClone ? sources : fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const args = [
  ...(isClone ? ['--conditions=@seqrec/source'] : []),
  '--disable-warning=ExperimentalWarning',
  cli,
  ...process.argv.slice(2),
];
// What V8 compiled is kept where Node itself would keep it, so that the next start is quicker.
// NODE_DISABLE_COMPILE_CACHE=1 keeps nothing.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env };
// The command takes the place of this process, so that there is nobody to hand a signal on: what is sent to one
// process, or to the group of a terminal, arrives once.
if (process.platform !== 'win32' && process.execve !== undefined) {
  process.execve(process.execPath, [process.execPath, ...args], env);
}
// Windows cannot replace a process. There the console gives its signals to every process of it; this one only waits.
const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGBREAK', 'SIGHUP']) process.on(signal, () => undefined);
child.on('exit', (code) => process.exit(code ?? 1));
