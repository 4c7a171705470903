// A plugin of Stryker: what is written for people is not mutated, only the condition under which it is written.

interface NodePath {
  readonly node: { readonly type: string };
}

function shouldIgnore({ node }: NodePath): string | undefined {
  if (node.type === 'ThrowStatement') return 'an error message';
  if (node.type === 'TemplateLiteral') return 'a text';
  return undefined;
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'texts', value: { shouldIgnore } }];
