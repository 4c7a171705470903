import { expect, it } from 'vitest';
import { ProblemLog } from './problems.ts';

it('a file without one good row tells what is wrong with the first', () => {
  const log = new ProblemLog({ operation: 'readCsv', file: 'a.csv', lenient: true });
  expect(log.noRows('rows of events').message).toBe('readCsv: a.csv: expected rows of events; got none');
  log.report(2, { reason: 'fields', message: 'expected 4 fields; got 5', hint: 'close the quote' });
  log.report(3, { reason: 'time', message: 'expected a time; got "x"' });
  const error = log.noRows('rows of events');
  expect(error).toMatchObject({ code: 'no-rows', line: undefined });
  expect(error.message).toBe(
    'readCsv: a.csv: expected rows of events; got 2 corrupt ones, of which line 2: expected 4 fields; got 5; close the quote',
  );
});
