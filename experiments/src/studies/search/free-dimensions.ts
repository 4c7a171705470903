import type { Override } from '../../arguments.ts';
import type { Dimension } from '../../config/search-space.ts';
import { UsageError } from '../../errors.ts';

/**
 * What is left of a space: a key that is given on the command line has its value, and is not searched.
 *
 * @throws UsageError when some but not all keys of a dimension are given, or nothing is left.
 */
export function freeDimensions(space: readonly Dimension[], overrides: readonly Override[]): Dimension[] {
  const given = new Set(overrides.map(({ key }) => key));
  const free = space.filter(({ keys, name }) => {
    const taken = keys.filter((key) => given.has(key));
    if (taken.length > 0 && taken.length < keys.length)
      throw new UsageError(
        `--${taken[0]}: expected all of ${keys.join(', ')}, which are drawn together as "${name}"; got only ${taken.join(', ')}`,
      );
    return taken.length === 0;
  });
  if (free.length > 0) return free;
  throw new UsageError('expected a key of the space that is left to search; the command line gives them all');
}
