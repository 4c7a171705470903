import { registerHooks } from 'node:module';

/**
 * What a plug-in and the program have to have in common: a second copy of these would have registries of its own, and
 * what a plug-in defines there would never be found.
 */
const SHARED = /^@seqrec\/(core|data|experiments|models)(\/|$)|^@tensorflow\/tfjs-(core|layers|backend-cpu)(\/|$)/;
/** What a plug-in may lack and the program has. */
const LENT = /^zod(\/|$)/;

/** Whether the program's own copy of a module stands for whatever an importer has. */
export function isShared(specifier: string): boolean {
  return SHARED.test(specifier);
}

/** Whether the program's own copy stands for one that an importer does not have. */
export function isLent(specifier: string): boolean {
  return LENT.test(specifier);
}

let installed = false;
/** Files of plug-ins by their addresses, and the address of the file by which each was first imported. */
const families = new Map<string, string>();

/** From here on, what a file imports of its own, and what that imports, is known to be of it. */
export function followImports(url: string): void {
  families.set(url, url);
}

/** The addresses of a file and of everything of its own that it has imported since {@link followImports}. */
export function importsOf(url: string): string[] {
  return [...families].flatMap(([file, first]) => (first === url ? [file] : []));
}

/** From here on, imports of {@link isShared} modules lead to the program's copies, wherever the importing file lies. */
export function shareImports(): void {
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, next) {
      const own = { ...context, parentURL: import.meta.url };
      if (isShared(specifier)) return next(specifier, own);
      if (!isLent(specifier)) {
        const resolved = next(specifier, context);
        const first = families.get(context.parentURL ?? '');
        if (first !== undefined && resolved.url.startsWith('file:') && !families.has(resolved.url))
          families.set(resolved.url, first);
        return resolved;
      }
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, own);
      }
    },
  });
}

/** The address of a package's entry as a file in `folder` would import it. @throws where there is none. */
export function resolvePackage(name: string, folderUrl: string): string {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === name ? { ...context, parentURL: folderUrl } : context),
  });
  try {
    return import.meta.resolve(name);
  } finally {
    hooks.deregister();
  }
}
