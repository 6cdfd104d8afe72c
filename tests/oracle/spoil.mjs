// Requests that are not valid: a good one with something wrong in it. What is wrong is for graphql-js to say.

import { graphql } from "./schema.mjs";

const { Kind, parse, parseType, parseValue, print, visit } = graphql;

/** A request with something wrong in its document or its variables; the same one when there is no place for it. */
export function spoiled(random, request) {
  if (random.happens(0.15)) return { ...request, query: torn(random, request.query) };
  if (random.happens(0.3)) return { ...request, variables: misfit(random, request.variables) };
  const document = parse(request.query);
  if (random.happens(0.2)) return { ...request, query: print(random.one(OF_DOCUMENTS)(document)) };
  const [kinds, change] = random.one(OF_NODES);
  return { ...request, query: print(changed(random, document, kinds, change)) };
}

const PIECES = ["{", "}", "(", "!", ":", "$", "...", "0.", '"', '"""', "on", "#", "&", "\u0000"];

/** A document with a token left out, doubled or put in. */
function torn(random, query) {
  const tokens = query.split(/(?=[^\w$"@])|(?<=[^\w$"@])/);
  const at = random.number(0, tokens.length - 1);
  const put = random.one([[], [tokens[at], tokens[at]], [random.one(PIECES)]]);
  return tokens.toSpliced(at, 1, ...put).join("");
}

const MISFITS = [null, true, 5, 5.5, -1, 2147483648, "LOW", "", [], [null], {}, { id: null }, { unknown: 1 }];

/** Variables of which one is missing or something else. */
function misfit(random, text) {
  const variables = JSON.parse(text);
  const name = random.one(Object.keys(variables));
  if (!name) return JSON.stringify({ unknown: 1 });
  const value = variables[name];
  const isObject = value && typeof value === "object" && !Array.isArray(value);
  if (isObject && random.happens(0.6)) {
    const field = random.one([...Object.keys(value), "unknown"]);
    return JSON.stringify({ ...variables, [name]: { ...value, [field]: random.one(MISFITS) } });
  }
  // What `null` means for a condition is left open: see the generator.
  const misfits = typeof value === "boolean" ? MISFITS.slice(1) : MISFITS;
  return JSON.stringify({ ...variables, [name]: random.happens(0.2) ? undefined : random.one(misfits) });
}

/** One node of a document, chosen among those of some kinds, becomes something else. */
function changed(random, document, kinds, change) {
  const found = [];
  visit(document, { enter: (node) => void (kinds.includes(node.kind) && found.push(node)) });
  const chosen = random.one(found);
  return visit(document, { enter: (node) => (node === chosen ? change(node, random) : undefined) });
}

const name = (value) => ({ kind: Kind.NAME, value });
const definition = (text) => parse(text).definitions[0];
const selection = (text) => definition(`{ ${text} }`).selectionSet.selections[0];
const directive = (text) => selection(`a ${text}`).directives[0];
const named = (node, value) => ({ ...node, name: name(value) });
const twice = (list) => (list ?? []).flatMap((one) => [one, one]);
const withMore = (list, more) => [more, ...(list ?? [])];

const VALUES = [Kind.INT, Kind.FLOAT, Kind.STRING, Kind.BOOLEAN, Kind.ENUM, Kind.OBJECT, Kind.LIST, Kind.NULL];
const LITERALS = [
  ...["5.0", "2147483648", "-2147483649", "1e3", '"LOW"', "low", "LOW", "true", "null", "[]", "[[1]]"],
  ...["{ unknown: 1 }", '"?"', "{ id: null }"],
].map((text) => parseValue(text));
const TYPES = ["String", "Int", "[Int]", "ID", "Boolean", "Nothing", "User", "CommentOrder!", "[ID!]!", "ImageSize"];
const CONDITIONS = ["Nothing", "String", "PageInfo", "UserLookup", "ImageSize"];
const DIRECTIVES = [
  ...["@skip", "@skip(if: null)", '@skip(if: "true")', "@skip(if: true, unless: 1)", "@nothing", "@deprecated"],
  ...["@include(if: $nothing)", "@skip(if: 1)", '@cost(weight: "1")'],
];
const OPERATIONS = ["query", "mutation", "subscription"];
const SELECTIONS = [Kind.FIELD, Kind.INLINE_FRAGMENT, Kind.FRAGMENT_SPREAD];
const WITH_DIRECTIVES = [...SELECTIONS, Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION];

/** What can be wrong with a node of these kinds. */
const OF_NODES = [
  [[Kind.FIELD], (node) => named(node, "nothing")],
  [[Kind.FIELD], (node) => ({ ...node, arguments: withMore(node.arguments, selection("a(nothing: 1)").arguments[0]) })],
  [[Kind.FIELD], (node) => ({ ...node, arguments: [] })],
  [[Kind.FIELD], (node) => ({ ...node, arguments: twice(node.arguments) })],
  [[Kind.FIELD], (node) => ({ ...node, selectionSet: undefined })],
  [[Kind.FIELD], (node) => ({ ...node, selectionSet: node.selectionSet ?? definition("{ a }").selectionSet })],
  [[Kind.SELECTION_SET], withConflict],
  [VALUES, (_, random) => random.one(LITERALS)],
  [[Kind.ARGUMENT], (node, random) => ({ ...node, value: random.one(LITERALS) })],
  [[Kind.OBJECT], (node) => ({ ...node, fields: twice(node.fields) })],
  [[Kind.OBJECT], (node) => ({ ...node, fields: withMore(node.fields, parseValue("{ nothing: 1 }").fields[0]) })],
  [[Kind.OBJECT], (node) => ({ ...node, fields: [] })],
  [[Kind.NAMED_TYPE], (node, random) => named(node, random.one(CONDITIONS))],
  [[Kind.VARIABLE], (node) => named(node, "nothing")],
  [[Kind.VARIABLE_DEFINITION], (node, random) => ({ ...node, type: parseType(random.one(TYPES)) })],
  [[Kind.VARIABLE_DEFINITION], (node, random) => ({ ...node, defaultValue: random.one(LITERALS) })],
  [[Kind.OPERATION_DEFINITION], (node) => ({ ...node, variableDefinitions: twice(node.variableDefinitions) })],
  [[Kind.OPERATION_DEFINITION], withUnusedVariable],
  [[Kind.OPERATION_DEFINITION], (node, random) => ({ ...node, operation: random.one(OPERATIONS) })],
  [[Kind.FRAGMENT_SPREAD], (node) => named(node, "Nothing")],
  [[Kind.FRAGMENT_DEFINITION], withItself],
  [WITH_DIRECTIVES, withDirective],
  [SELECTIONS, (node) => ({ ...node, directives: twice([directive("@skip(if: false)")]) })],
];

const isFragment = ({ kind }) => kind === Kind.FRAGMENT_DEFINITION;
const more = (document, text) => ({ kind: Kind.DOCUMENT, definitions: [...document.definitions, definition(text)] });

/** What can be wrong with a document as a whole. */
const OF_DOCUMENTS = [
  (document) => more(document, "fragment Unused on User { id }"),
  (document) => more(document, "{ server { name } }"),
  (document) => ({ ...document, definitions: [...document.definitions, ...document.definitions.filter(isFragment)] }),
  (document) => ({ ...document, definitions: [...document.definitions, document.definitions[0]] }),
  (document) => more({ definitions: document.definitions.filter(isFragment) }, "fragment Unused on User { id }"),
];

/** The first field with the response key of the second. */
function withConflict(node) {
  const [first, second] = node.selections.filter((one) => one.kind === Kind.FIELD);
  const changed = second && { ...first, alias: second.alias ?? second.name };
  return { ...node, selections: node.selections.map((one) => (one === first ? (changed ?? one) : one)) };
}

function withUnusedVariable(node) {
  const [unused] = definition("query($unused: Int) { a }").variableDefinitions;
  return { ...node, variableDefinitions: withMore(node.variableDefinitions, unused) };
}

function withDirective(node, random) {
  return { ...node, directives: withMore(node.directives, directive(random.one(DIRECTIVES))) };
}

function withItself(node) {
  const { selections } = node.selectionSet;
  const itself = { kind: Kind.FRAGMENT_SPREAD, name: node.name };
  return { ...node, selectionSet: { ...node.selectionSet, selections: [...selections, itself] } };
}
