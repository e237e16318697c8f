// Reads the outline of a WebAssembly binary by hand, because a runtime without relaxed SIMD cannot
// compile the relaxed builds and would tell nothing about them.

const SECTION = { custom: 0, import: 2, global: 6, export: 7, data: 11, dataCount: 12 };
const KINDS = ['function', 'table', 'memory', 'global', 'tag'];

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 8; // after the magic number and the version
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.bytes[this.position++];
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }

  name() {
    const length = this.number();
    this.position += length;
    return new TextDecoder().decode(this.bytes.subarray(this.position - length, this.position));
  }

  import() {
    const [from, name, kind] = [this.name(), this.name(), KINDS[this.number()]];
    if (kind === 'function') this.number();
    else if (kind === 'memory') {
      const hasMaximum = this.number() & 1;
      this.number();
      if (hasMaximum) this.number();
    } else
      throw new Error(`the import ${from}.${name} is a ${kind}, which this reader does not know`);
    return { from, name, kind };
  }

  export() {
    const [name, kind] = [this.name(), KINDS[this.number()]];
    this.number();
    return { name, kind };
  }

  list(readItem) {
    return Array.from({ length: this.number() }, readItem);
  }
}

/** Sections (ids), imports, exports and the number of globals of a WebAssembly binary. */
export function outline(bytes) {
  const reader = new Reader(bytes);
  const found = { sections: [], imports: [], exports: [], globals: 0 };
  while (reader.position < bytes.length) {
    const id = reader.number();
    const end = reader.number() + reader.position;
    if (id !== SECTION.custom) found.sections.push(id);
    if (id === SECTION.import) found.imports = reader.list(() => reader.import());
    if (id === SECTION.export) found.exports = reader.list(() => reader.export());
    if (id === SECTION.global) found.globals = reader.number();
    reader.position = end;
  }
  return found;
}

/**
 * What would stop a binary from living as a guest in another module's memory, as sentences: it may
 * bring no data, no stack and no memory, and import nothing but `env.memory`.
 */
export function guestViolations(bytes) {
  const { sections, imports, exports, globals } = outline(bytes);
  const violations = [];
  if (sections.includes(SECTION.data) || sections.includes(SECTION.dataCount)) {
    violations.push('has data segments, which would overwrite the host');
  }
  // A stack pointer would be a second one.
  if (globals > 1) {
    violations.push(
      `has ${globals} globals; the address of the constants is the only state allowed`,
    );
  }
  for (const { from, name, kind } of imports) {
    if (from !== 'env' || name !== 'memory') violations.push(`imports the ${kind} ${from}.${name}`);
  }
  for (const { name, kind } of exports) {
    if (kind !== 'function') violations.push(`exports the ${kind} ${name}`);
  }
  return violations;
}
