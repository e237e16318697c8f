export function makeTickets(
  count: number,
  seed: number,
  noise?: number,
): { text: string; label: string }[];
export function randomNumbers(seed: number): () => number;
