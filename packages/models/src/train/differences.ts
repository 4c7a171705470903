/** Leaves that differ between two JSON values, as `path: saved X, here Y`. */
export function differences(saved: unknown, here: unknown, path = ''): string[] {
  if (isObject(saved) && isObject(here)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(here)]);
    return [...keys].flatMap((key) => differences(saved[key], here[key], path === '' ? key : `${path}.${key}`));
  }
  const a = JSON.stringify(saved);
  const b = JSON.stringify(here);
  return a === b ? [] : [`${path}: saved ${a ?? 'nothing'}, here ${b ?? 'nothing'}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
