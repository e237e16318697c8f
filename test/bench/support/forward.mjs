import { checkAgreement } from './agreement.mjs';
import { alternate, fastestPeer } from './alternate.mjs';
import { openRepeatable, ortName } from './ort.mjs';
import { startOurs } from './ours.mjs';

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
  const sides = [];
  for (const [label, build] of Object.entries(graphs)) {
    const graph = await openRepeatable(build(...given));
    checkAgreement(`${name}, ${label}: the results`, expected, await graph.result());
    sides.push({ peerName: ortName, note: `the peer's graph: ${label}`, call: graph });
  }
  context.progress('measuring');
  const measured = fastestPeer(await alternate(() => forward().dispose(), sides));
  await context.report({
    name,
    ...measured,
    unit: 'ms',
    engine,
    gflops: flops / (measured.ours * 1e6),
  });
}
