import { main } from './main.ts';

const code = await main(process.argv.slice(2));
// Worker threads may still wait for work: leave once the output is out.
process.stdout.write('', () => process.exit(code));
