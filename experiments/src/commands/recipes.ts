import type { CAC } from 'cac';
import type { Action, Invocation } from '../invocation.ts';

export function registerRecipes(cli: CAC, _invocation: Invocation): void {
  cli
    .command('recipes [name]', 'List the recipes, or show one: claim, source, expected figure, cost, configuration')
    .option('--json', 'Print JSON')
    .example('  $ seqrec recipes')
    .example('  $ seqrec recipes ml-1m/hstu')
    .action((name: string | undefined, options: { readonly json?: boolean }) => run(name, options.json ?? false));
}

async function run(name: string | undefined, json: boolean): Action {
  const { loadRecipe, recipeNames } = await import('../config/load-recipe.ts');
  const { renderPairs, renderTable } = await import('../terminal/table.ts');
  if (name !== undefined) {
    const { config, plugins, space, ...told } = await loadRecipe(name);
    const about = { ...told, ...(plugins && { plugins: plugins.join(', ') }) };
    const searched = space && { space };
    if (json) console.log(JSON.stringify({ name, ...about, ...searched, config }, null, 2));
    else {
      console.log(`${name}\n${renderPairs(Object.entries(about))}\n\n${JSON.stringify(config, null, 2)}`);
      if (space) console.log(`\nspace of seqrec search\n${JSON.stringify(space, null, 2)}`);
    }
    return 0;
  }
  const recipes = await Promise.all(recipeNames().map(async (each) => ({ name: each, ...(await loadRecipe(each)) })));
  if (json) console.log(JSON.stringify(recipes, null, 2));
  else
    console.log(
      renderTable(
        [{ title: 'recipe' }, { title: 'claim' }],
        recipes.map((recipe) => [recipe.name, recipe.claim]),
      ),
    );
  return 0;
}
