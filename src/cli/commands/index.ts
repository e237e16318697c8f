import type { Command } from '../command.ts';
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { generate } from './generate.ts';
import { info } from './info.ts';
import { init } from './init.ts';
import { predict } from './predict.ts';
import { train } from './train.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [train, predict, generate, evaluate, info, init, demo];
