import 'anyformer/worker';
