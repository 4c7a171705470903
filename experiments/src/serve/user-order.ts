/**
 * Lets what is done about one user begin in the order of arrival, although some of it has to wait first; other users do
 * not wait for it.
 */
export class UserOrder {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Begins `work` when everything before it of this user has begun and `ready` has resolved.
   *
   * @throws what `ready` and `work` throw; those behind begin nevertheless.
   */
  begin<T>(user: string, work: () => Promise<T>, ready?: Promise<void>): Promise<T> {
    const before = this.#tails.get(user);
    if (before === undefined && ready === undefined) return work();
    // It may reject while what comes before is still waited for.
    ready?.catch(() => undefined);
    let result: Promise<T> | undefined;
    const begun = (async () => {
      await before;
      await ready;
      // Its own failure is no business of those behind.
      result = work();
      result.catch(() => undefined);
    })();
    const tail = begun.catch(() => undefined);
    this.#tails.set(user, tail);
    tail.then(() => {
      if (this.#tails.get(user) === tail) this.#tails.delete(user);
    });
    return begun.then(() => result as Promise<T>);
  }
}
