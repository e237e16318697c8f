// The order counts: the specs ask for the environment while they are being defined.
import './environment.ts';
import '@tensorflow/tfjs-core/dist/tests.js';
