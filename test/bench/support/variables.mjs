/**
 * `{ shape, data }` by the saved names of a model's variables.
 *
 * @param tensorOf gives another tensor for each, such as its gradient.
 */
export function valuesOf(variables, tensorOf = (variable) => variable) {
  return Object.fromEntries(
    [...variables].map(([name, variable]) => {
      const tensor = tensorOf(variable);
      return [name, { shape: tensor.shape, data: tensor.dataSync() }];
    }),
  );
}
