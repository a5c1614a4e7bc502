import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalName, NamedContexts } from './named-contexts.ts';
import { createSecureContext, type SecureContext } from './secure-context.ts';

/** Whether a pattern is for a name, label by label and character by character; no regular expression, no map. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*') {
    return matches(pattern.slice(1), name) || (name !== '' && name[0] !== '.' && matches(pattern, name.slice(1)));
  }
  return pattern[0] === name[0] && matches(pattern.slice(1), name.slice(1));
}

/** One context for each number, to be told apart. */
const contexts: SecureContext[] = Array.from({ length: 40 }, () => createSecureContext({}));

describe('contexts by name', () => {
  const label = fc.constantFrom('a', 'b', '*', 'a*', '*b', 'a*b', '**', 'ab', 'A', '');
  const hostname = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
  const step = fc.oneof(
    { weight: 4, arbitrary: hostname.map((name) => ({ add: name })) },
    { weight: 1, arbitrary: hostname.map((name) => ({ remove: name })) },
    { weight: 1, arbitrary: hostname.map((name) => ({ replace: name })) },
  );

  it('are found as if all of them were gone through, the latest first', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(hostname, { maxLength: 20 }), (steps, asked) => {
        const names = new NamedContexts();
        let model: { pattern: string; context: SecureContext }[] = [];
        for (const [index, step] of steps.entries()) {
          if ('add' in step) {
            names.add(step.add, { context: contexts[index]! });
            model.push({ pattern: canonicalName(step.add), context: contexts[index]! });
          } else if ('replace' in step) {
            const place = model.findLastIndex(({ pattern }) => pattern === canonicalName(step.replace));
            assert.equal(names.replace(step.replace, contexts[index]!), place >= 0);
            if (place >= 0) model[place] = { ...model[place]!, context: contexts[index]! };
          } else {
            const kept = model.filter(({ pattern }) => pattern !== canonicalName(step.remove));
            assert.equal(names.remove(step.remove), kept.length < model.length);
            model = kept;
          }
        }
        for (const name of asked) {
          const expected = model.findLast(({ pattern }) => matches(pattern, canonicalName(name)))?.context;
          assert.equal(names.find(name)?.context, expected, name);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are right at 10,000', () => {
    const names = new NamedContexts();
    const own = createSecureContext({});
    for (let i = 0; i < 10_000; i++) {
      names.add(i % 3 === 0 ? `*.x${i}.example` : `x${i}.example`, { context: contexts[i % 40]! });
    }
    names.add('x500.example', { context: own });
    for (let i = 0; i < 10_000; i++) {
      const name = i % 3 === 0 ? `any.x${i}.example` : `x${i}.example`;
      assert.equal(names.find(name)?.context, i === 500 ? own : contexts[i % 40], name);
      assert.equal(names.find(`below.${name}`), undefined);
    }
    assert.equal(names.find('x10000.example'), undefined);
    assert.ok(names.remove('x500.example'));
    assert.equal(names.find('x500.example'), undefined);
  });
});
