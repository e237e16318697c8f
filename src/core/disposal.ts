/**
 * The name of the method that `using` calls: `Symbol.dispose`, or, in browsers without it (Safari,
 * Firefox before 141), the symbol that esbuild and SWC look for there, so that `using` works in what
 * they compile. https://github.com/tc39/proposal-explicit-resource-management
 */
export const disposeSymbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
