import { afterEach, expect, test, vi } from 'vitest';
import { AnyformerClassifier } from '../../src/ui/classifierElement.ts';
import { defineElements } from '../../src/ui/defineElements.ts';

afterEach(() => vi.unstubAllGlobals());

test('does nothing on a server', () => {
  expect(typeof customElements).toBe('undefined');
  expect(() => defineElements()).not.toThrow();
});

test('defines the element once, and leaves that of another copy', () => {
  const defined = new Map<string, unknown>();
  const define = vi.fn((name: string, element: unknown) => void defined.set(name, element));
  vi.stubGlobal('customElements', { get: (name: string) => defined.get(name), define });
  defineElements();
  defineElements();
  expect(define.mock.calls).toEqual([['anyformer-classifier', AnyformerClassifier]]);
});
