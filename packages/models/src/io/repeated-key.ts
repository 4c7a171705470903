const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** The first key that an object of the (valid) JSON text has twice; JSON.parse would silently keep the last one. */
export function repeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  for (const [token] of json.matchAll(TOKEN)) {
    const keys = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && keys !== undefined) {
      const key: string = JSON.parse(previous);
      if (keys.has(key)) return key;
      keys.add(key);
    }
    previous = token;
  }
  return undefined;
}
