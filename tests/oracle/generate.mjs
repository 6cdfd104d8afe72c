// Documents from the schema: fragments, aliases, keys that merge, variables of every kind, conditions, failing fields.

import { fieldsOf, literal, rootOf } from "./arguments.mjs";
import { screenFields } from "./screens.mjs";
import { graphql, namedType, possibleTypes, schema } from "./schema.mjs";

const { getNullableType, isCompositeType, isInputObjectType, isLeafType, isListType, isNonNullType } = graphql;
const { isRequiredArgument, isRequiredInputField, isUnionType, print } = graphql;

/** Fields of one document. */
const MOST_FIELDS = 45;
const DEEPEST = 8;

/** A number that is written into JSON as it stands. */
class Written {
  constructor(text) {
    this.text = text;
  }
}

/** A request: `{ query, operationName, variables }`, the last as JSON text. */
export function generate(random, table, kinds) {
  return new Generator(random, table, kinds).request();
}

class Generator {
  constructor(random, table, kinds) {
    Object.assign(this, { random, table, kinds, fields: 0 });
    this.fragments = new Map();
    this.variables = new Map();
    this.aliases = new Map();
    this.isScreen = random.happens(0.25);
  }

  request() {
    const count = this.random.happens(0.15) ? this.random.number(2, 3) : 1;
    const operations = Array.from({ length: count }, (_, number) => this.operation(number));
    const isNamed = count > 1 || this.random.happens(0.5);
    const texts = operations.map((operation) => this.written(operation, isNamed));
    const query = [...texts, ...[...this.fragments.values()].map((fragment) => fragment.text)].join("\n");
    return { query, operationName: this.meant(operations, isNamed), variables: this.values() };
  }

  operation(number) {
    const kind = this.random.happens(0.3) && !this.isScreen ? this.random.one(this.kinds) : "query";
    const text = kind === "subscription" ? this.stream() : this.set(rootOf(kind), this.random.number(2, DEEPEST));
    return { kind, name: `Operation${number}`, text };
  }

  /** One field, once or twice, in fragments or not; now and then something that a subscription cannot have. */
  stream() {
    const root = rootOf("subscription");
    const field = this.random.one(fieldsOf(this.table, root));
    const key = this.key(root, field);
    const one = () => `${key} ${this.set(namedType(field), 2)}`;
    const inline = () => `... on Subscription { ${one()} }`;
    const spread = () => `...${this.put(root, () => `{ ${one()} }`)} `;
    const wrapped = () => this.random.one([one, inline, spread])();
    const wrong = () => this.random.one([this.field(root, 1), `${key} @skip(if: false) { __typename }`, "__typename"]);
    const others = [this.random.happens(0.4) ? wrapped() : "", this.random.happens(0.15) ? wrong() : ""];
    return `{ ${wrapped()} ${others.join(" ")} }`;
  }

  /** Every variable that is used is declared, and every fragment is there for an operation that uses it. */
  written({ kind, name, text }, isNamed) {
    const used = [...this.variables].filter(([variable]) => this.uses(text, variable));
    const declared = used.map(([variable, { type, byDefault }]) => `$${variable}: ${type}${byDefault ?? ""}`);
    const list = declared.length ? `(${declared.join(", ")})` : "";
    const head = `${this.description()}${kind}${isNamed ? ` ${name}` : ""}${list}`;
    return head === "query" && this.random.happens(0.7) ? text : `${head} ${text}`;
  }

  description() {
    return this.random.happens(0.04) ? this.random.one(['"""A \\"""text\\"""\n""" ', '"A { \\"text\\"" ']) : "";
  }

  uses(text, variable) {
    const spread = (name) => text.includes(`...${name} `) && this.uses(this.fragments.get(name).set, variable);
    return new RegExp(`\\$${variable}\\b`).test(text) || [...this.fragments.keys()].some(spread);
  }

  meant(operations, isNamed) {
    if (this.random.happens(0.02)) return "Nothing";
    const isSaid = operations.length > 1 ? this.random.happens(0.97) : this.random.happens(0.3);
    return isSaid && isNamed ? this.random.one(operations).name : this.random.one([undefined, "", null]);
  }

  values() {
    const given = [...this.variables].filter(([, { value }]) => value !== undefined);
    return `{${given.map(([name, { value }]) => `${JSON.stringify(name)}:${json(value)}`).join(",")}}`;
  }

  // Selections.

  set(type, depth) {
    const count = this.random.number(1, depth > 4 ? 3 : 5);
    const selections = Array.from({ length: count }, () => this.selection(type, depth));
    return `{ ${selections.join(" ")} }`;
  }

  selection(type, depth) {
    const chance = this.random.next();
    if (depth > 0 && chance < 0.12) return this.inline(type, depth - 1);
    if (depth > 0 && chance < 0.24) return this.spread(type, depth - 1);
    if (chance < 0.32 || isUnionType(type)) return this.typename();
    return this.field(type, depth);
  }

  typename() {
    return `${this.random.happens(0.3) ? "kind_of: " : ""}__typename${this.conditions()}`;
  }

  inline(type, depth) {
    const on = this.random.happens(0.2) ? undefined : this.overlapping(type);
    return `...${on ? ` on ${on.name}` : ""}${this.conditions()} ${this.set(on ?? type, depth)}`;
  }

  spread(type, depth) {
    const fitting = [...this.fragments].filter(([, { on, set }]) => set && overlap(on, type));
    const isKnown = this.random.happens(0.4) && fitting.length > 0;
    const name = isKnown ? this.random.one(fitting)[0] : this.fragment(type, depth);
    // The space behind the name ends it for `uses`.
    return `...${name} ${this.conditions()}`;
  }

  /** A new fragment. It is not spread before it is written, so there are no cycles. */
  fragment(type, depth) {
    const on = this.overlapping(type);
    return this.put(on, () => this.set(on, depth));
  }

  put(on, set) {
    const name = `F${this.fragments.size}`;
    this.fragments.set(name, { on });
    const text = set();
    this.fragments.set(name, { on, set: text, text: `${this.description()}fragment ${name} on ${on.name} ${text}` });
    return name;
  }

  /** The same type, an interface, a union or an object with which it has objects in common. */
  overlapping(type) {
    const composite = Object.values(schema.getTypeMap()).filter((other) => isCompositeType(other));
    const fitting = composite.filter((other) => overlap(other, type));
    return this.random.happens(0.3) ? type : this.random.one(fitting);
  }

  field(type, depth) {
    if (type.name === "Query" && !this.isScreen && this.random.happens(0.03)) return this.introspection(depth);
    const known = fieldsOf(this.table, type);
    const all = this.isScreen ? known.filter(({ name }) => screenFields.has(`${type.name}.${name}`)) : known;
    const leaves = all.filter((field) => isLeafType(namedType(field)));
    const isFull = depth <= 0 || this.fields > MOST_FIELDS;
    const field = this.random.one(isFull ? leaves : this.random.happens(0.3) ? leaves : all);
    if (!field) return this.typename();
    this.fields += 1;
    const below = isLeafType(namedType(field)) ? "" : ` ${this.set(namedType(field), depth - 1)}`;
    return `${this.key(type, field)}${this.conditions()}${below}`;
  }

  /** A question about the schema, not nested deeper than both sides allow. */
  introspection(depth) {
    const name = this.random.one(["Media", "Node", "MediaEvent", "UserLookup", "CommentOrder", "UUID", "Nothing"]);
    return `about_${name}: __type(name: "${name}") ${this.set(schema.getType("__Type"), Math.min(depth, 2))}`;
  }

  /** Name, alias and arguments. The same alias always has the same arguments, so that keys merge. */
  key(type, field) {
    const place = `${type.name}.${field.name}`;
    const known = this.aliases.get(place) ?? [];
    if (known.length && this.random.happens(0.6)) return this.random.one(known);
    const fails = this.fails(type, field);
    const hasAlias = field.args.length > 0 || fails || this.random.happens(0.15);
    const alias = hasAlias ? `${fails}${field.name}_${this.aliases.size}: ` : "";
    const key = `${alias}${field.name}${this.arguments(type, field)}`;
    this.aliases.set(place, [...known, key]);
    return key;
  }

  /** How the alias of a field begins that fails, or whose second item does. */
  fails(type, field) {
    // Neither the root of a subscription nor introspection is resolved by anything that could fail.
    if (type.name === "Subscription" || type.name.startsWith("__")) return "";
    const isList = isListType(getNullableType(field.type)) && isNonNullType(getNullableType(field.type).ofType);
    if (isList && this.random.happens(0.06)) return "failsItem_";
    return this.random.happens(0.025) ? "fails_" : "";
  }

  // Arguments.

  arguments(type, field) {
    const choice = this.random.one(this.table.choices(type, field));
    const texts = field.args.map((argument) => this.argument(argument, choice[argument.name]));
    const given = texts.filter((text) => text !== undefined);
    return given.length ? `(${given.join(", ")})` : "";
  }

  argument(argument, value) {
    if (value === undefined) return this.random.happens(0.1) ? this.absent(argument) : undefined;
    const isOptional = !isRequiredArgument(argument);
    if (isOptional && this.random.happens(0.1)) return this.absent(argument);
    return `${argument.name}: ${this.value(argument.type, value, argument.defaultValue ?? argument.default)}`;
  }

  /** An optional argument that has no value: none is given, or a variable that has none. */
  absent(argument) {
    if (isRequiredArgument(argument)) return undefined;
    const chance = this.random.next();
    const type = getNullableType(argument.type);
    if (chance < 0.4) return `${argument.name}: ${this.variable({ type })}`;
    if (chance < 0.6) return `${argument.name}: ${this.variable({ type, value: null })}`;
    return isNonNullType(argument.type) ? undefined : `${argument.name}: null`;
  }

  /** A value as a literal, as a variable, or as a literal with variables in it. */
  value(type, value, hasDefault) {
    const chance = this.random.next();
    if (chance < 0.45) return print(literal(value, type));
    if (chance < 0.8) return this.given(type, value, hasDefault);
    const inner = getNullableType(type);
    if (isInputObjectType(inner) && value !== null) return this.object(inner, value);
    if (isListType(inner) && Array.isArray(value) && value.length < 5) {
      return `[${value.map((item) => this.value(inner.ofType, item)).join(", ")}]`;
    }
    return print(literal(value, type));
  }

  object(type, value) {
    const field = ([name, value]) => {
      const like = type.getFields()[name].type;
      // The one field of a lookup must be given.
      const text = type.isOneOf ? this.variable({ type: `${like}!`, value, like }) : this.value(like, value);
      return `${name}: ${text}`;
    };
    const absent = ({ name, type }) => `${name}: ${this.variable({ type: getNullableType(type) })}`;
    const others = type.isOneOf ? [] : Object.values(type.getFields()).filter(({ name }) => !(name in value));
    const optional = others.filter((field) => !isRequiredInputField(field) && this.random.happens(0.2));
    return `{ ${[...Object.entries(value).map(field), ...optional.map(absent)].join(", ")} }`;
  }

  /** A variable with this value: its own, its default, or both. */
  given(type, value, hasDefault) {
    const chance = this.random.next();
    const nullable = getNullableType(type);
    const byDefault = ` = ${print(literal(value, type))}`;
    if (chance < 0.2 && value !== null) return this.variable({ type, byDefault, like: type });
    if (chance < 0.3 && value !== null) return this.variable({ type, byDefault, value, like: type });
    if (chance < 0.45 && value !== null) return this.variable({ type: `${nullable}!`, value, like: type });
    if (chance < 0.55 && hasDefault) return this.variable({ type: nullable, value, like: type });
    return this.variable({ type, value, like: type });
  }

  variable({ type, value, byDefault, like }) {
    const name = `v${this.variables.size}`;
    this.variables.set(name, { type: String(type), byDefault, value: value && like ? this.as(like, value) : value });
    return `$${name}`;
  }

  /** The forms that JSON has for one value. */
  as(type, value) {
    const named = String(getNullableType(type));
    if (named === "Int" && this.random.happens(0.2)) return new Written(`${value}.0`);
    if (named === "ID" && /^\d+$/.test(value)) return new Written(value);
    if (Array.isArray(value) && value.length === 1 && this.random.happens(0.5)) return value[0];
    return value;
  }

  // Directives.

  conditions() {
    const count = this.random.happens(0.12) ? (this.random.happens(0.2) ? 2 : 1) : 0;
    const names = this.random.happens(0.5) ? ["skip", "include"] : ["include", "skip"];
    return names.slice(0, count).map((name) => ` @${name}(if: ${this.condition()})`).join("");
  }

  condition() {
    const value = this.random.happens(0.5);
    const chance = this.random.next();
    if (chance < 0.4) return String(value);
    const known = [...this.variables].filter(([, { type }]) => type.startsWith("Boolean"));
    if (chance < 0.6 && known.length) return `$${this.random.one(known)[0]}`;
    if (chance < 0.8) return this.variable({ type: "Boolean!", value });
    if (chance < 0.9) return this.variable({ type: "Boolean!", byDefault: ` = ${value}` });
    // Not `null`: the specification's algorithm takes it for "not true", graphql-js refuses it.
    return this.variable({ type: "Boolean", byDefault: ` = ${value}`, value: this.random.one([value, undefined]) });
  }
}

function overlap(one, other) {
  return possibleTypes(one).some((type) => possibleTypes(other).includes(type));
}

/** JSON with numbers as they are to be written. */
function json(value) {
  if (value instanceof Written) return value.text;
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, value]) => `${JSON.stringify(name)}:${json(value)}`).join(",")}}`;
}
