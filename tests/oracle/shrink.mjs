// The smallest document that still shows a difference: what can be left out is.

import { graphql } from "./schema.mjs";

const { Kind, parse, print, visit } = graphql;

/** Attempts for one document; each is a request. */
const ATTEMPTS = 400;

/** A smaller request for which `differs` still holds. */
export async function shrunk(request, differs) {
  let [small, attempts] = [request, ATTEMPTS];
  for (let next = true; next && attempts > 0; ) {
    next = undefined;
    for (const candidate of smaller(small)) {
      if ((attempts -= 1) <= 0) break;
      if (await differs(candidate)) {
        next = candidate;
        break;
      }
    }
    small = next ?? small;
  }
  return small;
}

/** The request with one part less, the largest parts first. */
function* smaller(request) {
  let document;
  try {
    document = parse(request.query);
  } catch {
    return yield* shorter(request);
  }
  const parts = [];
  const keep = (part, node) => parts.push({ part, length: node.loc ? node.loc.end - node.loc.start : 0 });
  visit(document, {
    enter(node, key, parent) {
      if (!Array.isArray(parent)) return;
      const isLast = parent.length === 1 && !ALONE.includes(node.kind);
      if (!isLast && REMOVABLE.includes(node.kind)) keep({ without: node }, node);
      if (node.kind === Kind.INLINE_FRAGMENT) keep({ unwrap: node }, node);
      if (node.kind === Kind.FRAGMENT_SPREAD) keep({ expand: node }, node);
    },
  });
  parts.sort((a, b) => b.length - a.length);
  for (const { part } of parts) {
    yield { ...request, query: print(tidied(reduced(document, part))) };
  }
  for (const name of Object.keys(JSON.parse(request.variables))) {
    const { [name]: _, ...variables } = JSON.parse(request.variables);
    yield { ...request, variables: JSON.stringify(variables) };
  }
}

/** What can be left out, also when it is the last of its list; and what only when others are left. */
const ALONE = [Kind.DIRECTIVE, Kind.ARGUMENT, Kind.VARIABLE_DEFINITION, Kind.FRAGMENT_DEFINITION];
const SELECTIONS = [Kind.FIELD, Kind.INLINE_FRAGMENT, Kind.FRAGMENT_SPREAD];
const REMOVABLE = [...ALONE, ...SELECTIONS, Kind.OPERATION_DEFINITION, Kind.OBJECT_FIELD];

function reduced(document, { without, unwrap, expand }) {
  const isMeant = ({ kind, name }) => kind === Kind.FRAGMENT_DEFINITION && name.value === expand?.name.value;
  const fragment = document.definitions.find(isMeant);
  return visit(document, {
    enter(node) {
      if (node === without) return null;
      if (node === expand && fragment) return { ...fragment, kind: Kind.INLINE_FRAGMENT, directives: node.directives };
      if (node.kind !== Kind.SELECTION_SET || !unwrap || !node.selections.includes(unwrap)) return undefined;
      const inner = (one) => (one === unwrap ? one.selectionSet.selections : [one]);
      return { ...node, selections: node.selections.flatMap(inner) };
    },
  });
}

/** A document without the fragments and variables that it does not use any more. */
function tidied(document) {
  const used = { [Kind.FRAGMENT_SPREAD]: new Set(), [Kind.VARIABLE]: new Set() };
  const enter = (node) => void used[node.kind]?.add(node.name.value);
  for (const { kind, selectionSet, directives } of document.definitions) {
    if (kind === Kind.OPERATION_DEFINITION) visit({ kind, selectionSet, directives }, { enter });
  }
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  // A spread of one that was looked at already adds others.
  for (const spread of used[Kind.FRAGMENT_SPREAD]) {
    fragments.filter(({ name }) => name.value === spread).forEach((fragment) => visit(fragment, { enter }));
  }
  return visit(document, {
    FragmentDefinition: ({ name }) => (used[Kind.FRAGMENT_SPREAD].has(name.value) ? undefined : null),
    VariableDefinition: ({ variable }) => (used[Kind.VARIABLE].has(variable.name.value) ? undefined : null),
  });
}

/** A text that cannot be parsed, without one of its pieces. */
function* shorter(request) {
  for (let length = request.query.length >> 1; length >= 1; length >>= 1) {
    for (let start = 0; start < request.query.length; start += length) {
      yield { ...request, query: request.query.slice(0, start) + request.query.slice(start + length) };
    }
  }
}
