import { writeSync } from 'node:fs';
import { main } from './main.ts';
import { survivesClosedOutput } from './terminal/closed-output.ts';

survivesClosedOutput([process.stdout, process.stderr], (message) => {
  try {
    writeSync(2, `${message}\n`);
  } finally {
    process.exit(1);
  }
});
const code = await main(process.argv.slice(2));
// Worker threads may still wait for work: leave once the output is out.
process.stdout.write('', () => process.exit(code));
