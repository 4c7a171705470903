import { teacherOf } from '@seqrec/data';
import { isRankingConfig, type RunConfig } from './run-config.ts';

interface OfTeachers {
  readonly teacherLabels?: readonly { readonly path: string; readonly teacher?: string }[];
}

/**
 * The same configuration with the names of its teachers, as a store may get further ones later.
 *
 * @param known names from elsewhere, in the order of `data.teacherLabels`; default: what the stores have.
 * @throws {DataError} `missing-file` for a store without a teacher, or with several of which none is named
 */
export function withTeachers<C extends RunConfig>(
  config: C,
  known: (store: string, place: number) => string | undefined = (store) => teacherOf(store),
): C {
  const { teacherLabels } = config.data as OfTeachers;
  if (!isRankingConfig(config) || teacherLabels === undefined) return config;
  // In the order of the schema, in which configurations are compared.
  const named = teacherLabels.map(({ path, teacher: given, ...rest }, place) => {
    const teacher = given ?? known(path, place);
    return { path, ...(teacher !== undefined && { teacher }), ...rest };
  });
  return { ...config, data: { ...config.data, teacherLabels: named } };
}

/** {@link withTeachers} by those of another configuration of the same stores. */
export function withTeachersOf<C extends RunConfig>(config: C, other: RunConfig): C {
  const { teacherLabels = [] } = other.data as OfTeachers;
  return withTeachers(config, (store, place) =>
    teacherLabels[place]?.path === store ? teacherLabels[place].teacher : undefined,
  );
}
