import { checkAgreement } from './agreement.mjs';
import { alternate } from './measure.mjs';
import { openRepeatable, ortName } from './ort.mjs';
import { startOurs } from './ours.mjs';
import { besidePeak } from './peak.mjs';

/**
 * Measures one operation forward against onnxruntime-web.
 *
 * @param row.name,row.inputs,row.ours,row.flops as of `measureOperation`.
 * @param row.graphs ways to say it in ONNX by name, each a function of the inputs' shapes and values
 *   that gives a graph; the fastest one counts.
 */
export async function measureForward(context, { name, inputs, ours, graphs, flops }) {
  const operations = await startOurs();
  const { tf, engine } = operations;
  const tensors = inputs(tf);
  const forward = () => ours(operations, ...tensors);
  const expected = tf.tidy(() => forward().dataSync());
  const given = tensors.map((tensor) => ({ shape: tensor.shape, data: tensor.dataSync() }));
  const peer = await fastest(context, name, graphs, given, expected);
  context.progress('measuring');
  const { peak, ...measured } = await besidePeak((between) =>
    alternate(() => forward().dispose(), [{ peerName: ortName, call: peer.graph }], { between }),
  );
  await context.report({
    name,
    ...measured,
    unit: 'ms',
    engine,
    gflops: flops / (measured.ours * 1e6),
    peak,
    note: `the peer's graph: ${peer.label}`,
  });
}

async function fastest({ progress }, name, graphs, given, expected) {
  let best;
  for (const [label, build] of Object.entries(graphs)) {
    const graph = await openRepeatable(build(...given));
    checkAgreement(`${name}, ${label}: the results`, expected, await graph.result());
    await graph.many(2);
    const start = performance.now();
    await graph.many(4);
    const milliseconds = (performance.now() - start) / 4;
    progress(`${ortName}, ${label}: ${milliseconds.toFixed(1)} ms`);
    if (best === undefined || milliseconds < best.milliseconds)
      best = { label, graph, milliseconds };
  }
  return best;
}
