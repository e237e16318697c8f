import { Converter, ReflectionKind } from 'typedoc';

/** A plugin of typedoc: an entry has the name that a user imports, `anyformer/tf` for src/tf.ts. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entry of project.getChildrenByKind(ReflectionKind.Module)) {
      entry.name = entry.name === 'index' ? 'anyformer' : `anyformer/${entry.name}`;
    }
  });
}
