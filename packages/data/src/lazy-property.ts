/** A property that is made when it is first read, and is an ordinary one from then on. */
export function lazyProperty(object: object, name: string, make: () => unknown): void {
  Object.defineProperty(object, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = make();
      Object.defineProperty(object, name, { enumerable: true, configurable: true, value });
      return value;
    },
  });
}
