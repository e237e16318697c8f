// Tests compare with all of tfjs, as programs have it that import 'anyformer/tf'.
import '../../src/kernels/wholeTfjs.ts';
