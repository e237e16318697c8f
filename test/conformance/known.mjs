/** Specs left failing, by full name, each with its reason. */
export const known = new Map([]);
