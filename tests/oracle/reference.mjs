// What graphql-js answers a document over a recorded world, and which status the draft of GraphQL over HTTP gives to it.

import { graphql, keyOf, schema } from "./schema.mjs";

const { GraphQLError, Kind, execute, getNullableType, getVariableValues, parse, specifiedRules, validate } = graphql;

/** A field or arguments that the world does not have: of the document, not of the server. */
export class NotRecorded extends Error {}

const rules = [...specifiedRules, variablesOfOneOf];

/**
 * The answer to a request: `{ status, code }` when nothing is executed, otherwise data, errors and how it came about.
 * `fails` says whether fields fail by their aliases.
 */
export async function answer(world, request, { fails } = { fails: true }) {
  let document;
  try {
    // Later drafts than the specification of September 2025 may allow `{}`.
    document = parse(request.query, { allowEmptySelectionSets: false });
  } catch {
    return { status: 400, code: "GRAPHQL_PARSE_FAILED" };
  }
  const [invalid] = validate(schema, document, rules);
  if (invalid) return { status: 422, code: "GRAPHQL_VALIDATION_FAILED", why: invalid.message };
  const operation = chosen(document, request.operationName);
  if (!operation) return { status: 422, code: "OPERATION_RESOLUTION_FAILURE" };
  const variables = JSON.parse(request.variables);
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  if (errors) return { status: 422, code: "BAD_USER_INPUT", why: errors[0].message };
  return executed(world, { document, operation, variables, fails });
}

/** A rule of 5.8.5 that graphql-js 17 does not apply where the one-of itself must not be null. */
function variablesOfOneOf(context) {
  const leave = (operation) => {
    const definitions = new Map((operation.variableDefinitions ?? []).map((one) => [one.variable.name.value, one]));
    for (const { node, parentType } of context.getRecursiveVariableUsages(operation)) {
      const isNullable = definitions.get(node.name.value)?.type.kind !== Kind.NON_NULL_TYPE;
      if (isNullable && getNullableType(parentType)?.isOneOf) {
        context.reportError(new GraphQLError("A nullable variable cannot be the field of a one-of."));
      }
    }
  };
  return { OperationDefinition: { leave } };
}

/** The operation that is meant; an empty name is none. */
function chosen(document, name) {
  const operations = document.definitions.filter((definition) => definition.kind === "OperationDefinition");
  if (!name) return operations.length === 1 ? operations[0] : undefined;
  return operations.find((operation) => operation.name?.value === name);
}

async function executed(world, { document, operation, variables, fails }) {
  const record = { counts: {}, order: [], missing: undefined, fails };
  const result = await execute({
    schema,
    document,
    operationName: operation.name?.value,
    variableValues: variables,
    rootValue: world.roots[operation.operation],
    fieldResolver: (source, values, _, info) => resolve(world, record, { source, values, info }),
    typeResolver: (value) => value.__typename,
  });
  if (record.missing) throw new NotRecorded(record.missing);
  const errors = (result.errors ?? []).map((error) => ({ path: error.path ?? [], code: codeOf(error, fails) }));
  const kind = operation.operation;
  // A field whose argument turns out to be `null` may be counted before or after that is seen.
  const isCounted = (result.errors ?? []).every((error) => error.extensions.code);
  const status = errors.length && kind !== "subscription" ? 294 : 200;
  return { kind, status, data: result.data, errors, isCounted, counts: record.counts, order: record.order };
}

/**
 * Errors that come of the execution itself are about arguments that turned out to be `null`. A field that fails by its alias
 * does so on the server before its arguments are looked at.
 */
function codeOf({ extensions, path }, fails) {
  return extensions.code ?? (fails && failsItself(String(path?.at(-1))) ? "FORBIDDEN" : "BAD_USER_INPUT");
}

const failsItself = (key) => key.startsWith("fails") && !key.startsWith("failsItem");

function resolve(world, record, { source, values, info }) {
  const key = String(info.path.key);
  const name = `${info.parentType.name}.${info.fieldName}`;
  record.counts[name] = (record.counts[name] ?? 0) + 1;
  if (record.fails && failsItself(key)) throw failed("FORBIDDEN");
  if (info.parentType.name === "Mutation") record.order.push(`${key} begins`, `${key} ends`);
  const stored = keyOf(info.fieldName, values);
  if (!source.values.has(stored)) {
    record.missing ??= `${info.parentType.name}.${stored}`;
    return null;
  }
  const value = source.values.get(stored);
  if (value?.error) throw failed(value.error);
  const shown = followed(world, value);
  return record.fails && key.startsWith("failsItem") && Array.isArray(shown)
    ? shown.map((item, index) => (index === 1 ? failed("FORBIDDEN") : item))
    : shown;
}

const failed = (code) => new GraphQLError("It failed.", { extensions: { code } });

/** Nodes in place of their IDs. */
function followed(world, value) {
  if (Array.isArray(value)) return value.map((item) => followed(world, item));
  return value?.node ? world.nodes.get(value.node) : value;
}
