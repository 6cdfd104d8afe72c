//! Types of the schema, read once from its own text: what documents are checked, normalised and priced against.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, Field as Selected, FieldDefinition, InputObjectType, InputValueDefinition, ObjectType,
    OperationType, SchemaDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value};
use async_graphql_value::Value as Literal;

/// The types of the schema and of introspection.
#[derive(Debug, Default)]
pub struct Types {
    kinds: HashMap<String, Kind>,
    /// The objects that an object, an interface or a union can be, by name.
    possible: HashMap<String, BTreeSet<String>>,
    /// How many types the schema has, without those of introspection.
    count: u64,
    query: Option<String>,
    mutation: Option<String>,
    subscription: Option<String>,
}

/// What a type is.
#[derive(Debug)]
pub(super) enum Kind {
    /// An object or an interface.
    Fields(HashMap<String, Field>),
    Union,
    Scalar,
    Enum(HashSet<String>),
    Input(Input),
}

/// An input object.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) fields: HashMap<String, InputField>,
    /// Whether exactly one field is given.
    pub(super) is_one_of: bool,
}

/// A field of an input object, or an argument.
#[derive(Debug)]
pub(super) struct InputField {
    pub(super) ty: Type,
    pub(super) default: Option<Value>,
}

/// A field of an object or an interface.
#[derive(Debug)]
pub(in crate::graphql) struct Field {
    pub(in crate::graphql) ty: Type,
    /// The name of its type, without lists and `!`.
    pub(in crate::graphql) named: String,
    /// The price that the schema gives with `@cost`.
    pub(super) weight: Option<u64>,
    pub(super) arguments: HashMap<String, InputField>,
}

/// Introspection as async-graphql has it. It stands in no schema's text.
const INTROSPECTION: &str = r"
    type __Root { __schema: __Schema! __type(name: String!): __Type }
    type __Schema {
        description: String! types: [__Type!]! queryType: __Type! mutationType: __Type subscriptionType: __Type
        directives: [__Directive!]!
    }
    type __Type {
        kind: __TypeKind! name: String description: String fields(includeDeprecated: Boolean! = false): [__Field!]
        interfaces: [__Type!] possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]
        inputFields(includeDeprecated: Boolean! = false): [__InputValue!] ofType: __Type specifiedByURL: String
        isOneOf: Boolean
    }
    type __Field {
        name: String! description: String args(includeDeprecated: Boolean! = false): [__InputValue!]! type: __Type!
        isDeprecated: Boolean! deprecationReason: String
    }
    type __InputValue {
        name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
        deprecationReason: String
    }
    type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
    type __Directive {
        name: String! description: String locations: [__DirectiveLocation!]!
        args(includeDeprecated: Boolean! = false): [__InputValue!]! isRepeatable: Boolean!
    }
    scalar __TypeKind scalar __DirectiveLocation
    scalar Int scalar Float scalar String scalar Boolean scalar ID
";

impl Types {
    /// Reads the schema's own text.
    ///
    /// # Panics
    /// When it is not a schema; a program with such a schema could not serve anybody.
    #[must_use]
    pub fn new(sdl: &str) -> Self {
        let mut types = Self::default();
        types.read(sdl);
        types.count = types.kinds.len() as u64;
        types.read(INTROSPECTION);
        if let (Some(Kind::Fields(root)), Some(query)) = (types.kinds.remove("__Root"), &types.query)
            && let Some(Kind::Fields(fields)) = types.kinds.get_mut(query)
        {
            fields.extend(root);
        }
        types
    }

    fn read(&mut self, sdl: &str) {
        let document = parse_schema(sdl).expect("the text of the schema is a schema");
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => self.roots(schema.node),
                TypeSystemDefinition::Type(definition) => self.add(definition.node),
                TypeSystemDefinition::Directive(_) => {}
            }
        }
    }

    fn roots(&mut self, schema: SchemaDefinition) {
        let text = |name: Positioned<Name>| name.node.to_string();
        self.query = schema.query.map(text);
        self.mutation = schema.mutation.map(text);
        self.subscription = schema.subscription.map(text);
    }

    fn add(&mut self, definition: TypeDefinition) {
        let is_one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
        let name = definition.name.node.to_string();
        let kind = match definition.kind {
            TypeKind::Scalar => Kind::Scalar,
            TypeKind::Union(union) => {
                self.possible.entry(name.clone()).or_default().extend(union.members.iter().map(text));
                Kind::Union
            }
            TypeKind::Object(object) => self.object(&name, object),
            TypeKind::Interface(interface) => Kind::Fields(fields(interface.fields)),
            TypeKind::Enum(values) => Kind::Enum(values.values.iter().map(|value| text(&value.node.value)).collect()),
            TypeKind::InputObject(input) => Kind::Input(Input { fields: input_fields(input), is_one_of }),
        };
        self.kinds.insert(name, kind);
    }

    fn object(&mut self, name: &str, object: ObjectType) -> Kind {
        for is in object.implements.iter().map(text).chain([name.to_owned()]) {
            self.possible.entry(is).or_default().insert(name.to_owned());
        }
        Kind::Fields(fields(object.fields))
    }

    /// The type an operation starts from.
    pub(in crate::graphql) fn root(&self, operation: OperationType) -> Option<&str> {
        match operation {
            OperationType::Query => self.query.as_deref(),
            OperationType::Mutation => self.mutation.as_deref(),
            OperationType::Subscription => self.subscription.as_deref(),
        }
    }

    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    pub(in crate::graphql) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        match self.kinds.get(of)? {
            Kind::Fields(fields) => fields.get(name),
            Kind::Union | Kind::Scalar | Kind::Enum(_) | Kind::Input(_) => None,
        }
    }

    /// Whether the arguments of a field fit. A variable with a default can be given as null where there can be none.
    pub(in crate::graphql) fn takes_arguments(&self, on: &str, field: &Selected) -> bool {
        let Some(known) = self.field(on, &field.name.node) else { return true };
        let cannot_be_null = |name: &str| known.arguments.get(name).is_some_and(|argument| !argument.ty.nullable);
        !field.arguments.iter().any(|(name, value)| value.node == Literal::Null && cannot_be_null(&name.node))
    }

    /// The objects that a type can be: itself, when it is an object.
    pub(super) fn possible(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.possible.get(name)
    }

    /// Whether a type is an object, and neither an interface nor a union.
    pub(super) fn is_object(&self, name: &str) -> bool {
        self.possible(name).is_some_and(|objects| objects.contains(name))
    }

    /// Whether a fragment on a type applies to an object.
    pub(super) fn applies(&self, condition: &str, object: &str) -> bool {
        self.possible(condition).is_some_and(|objects| objects.contains(object))
    }

    /// Whether values of a type are made of fields that cost something.
    pub(super) fn is_composite(&self, name: &str) -> bool {
        matches!(self.kinds.get(name), Some(Kind::Fields(_) | Kind::Union))
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The scalars that are not the specification's.
    #[cfg(test)]
    pub(super) fn custom_scalars(&self) -> impl Iterator<Item = &str> {
        let own = self.kinds.iter().filter(|(name, kind)| {
            matches!(kind, Kind::Scalar) && !name.starts_with("__") && !super::values::BUILT_IN.contains(&name.as_str())
        });
        own.map(|(name, _)| name.as_str())
    }
}

impl Field {
    pub(super) fn is_list(&self) -> bool {
        is_list(&self.ty)
    }
}

impl InputField {
    /// Whether it must be given.
    pub(super) fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }

    pub(super) fn is_list(&self) -> bool {
        is_list(&self.ty)
    }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty.base, BaseType::List(_))
}

fn text(name: &Positioned<Name>) -> String {
    name.node.to_string()
}

fn fields(definitions: Vec<Positioned<FieldDefinition>>) -> HashMap<String, Field> {
    definitions.into_iter().map(|definition| field(definition.node)).collect()
}

fn field(definition: FieldDefinition) -> (String, Field) {
    let ty = definition.ty.node;
    let field = Field {
        named: named(&ty).to_owned(),
        weight: weight(&definition.directives),
        arguments: definition.arguments.into_iter().map(|argument| input_field(argument.node)).collect(),
        ty,
    };
    (definition.name.node.to_string(), field)
}

fn weight(directives: &[Positioned<ConstDirective>]) -> Option<u64> {
    let cost = directives.iter().find(|directive| directive.node.name.node == "cost")?;
    match &cost.node.get_argument("weight")?.node {
        Value::String(weight) => weight.parse().ok(),
        _ => None,
    }
}

fn input_fields(input: InputObjectType) -> HashMap<String, InputField> {
    input.fields.into_iter().map(|definition| input_field(definition.node)).collect()
}

fn input_field(definition: InputValueDefinition) -> (String, InputField) {
    let default = definition.default_value.map(|value| value.node);
    (definition.name.node.to_string(), InputField { ty: definition.ty.node, default })
}

/// The name of a type, without lists and `!`.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => named(item),
    }
}
