import { operandIndices } from '../matrixShapes.ts';

/** For each element of a broadcast result, which element of an operand it is made from. */
export function broadcastIndices(operand: number[], shape: number[]): number[] {
  const missing = Array(shape.length - operand.length).fill(1);
  return operandIndices(shape, [...missing, ...operand]);
}
