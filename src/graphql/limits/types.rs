//! What the schema says of its types, read once from its own text, so that prices and errors can be told from it.

use std::collections::{HashMap, HashSet};

use async_graphql::Value;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputObjectType, OperationType, SchemaDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};

/// The types of the schema.
#[derive(Debug, Default)]
pub struct Types {
    kinds: HashMap<String, Kind>,
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

impl Types {
    /// Reads the schema's own text.
    ///
    /// # Panics
    /// When it is not a schema; a program with such a schema could not serve anybody.
    #[must_use]
    pub fn new(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the text of the schema is a schema");
        let mut types = Self::default();
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => types.roots(schema.node),
                TypeSystemDefinition::Type(definition) => types.add(definition.node),
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        types
    }

    fn roots(&mut self, schema: SchemaDefinition) {
        let text = |name: Positioned<Name>| name.node.to_string();
        self.query = schema.query.map(text);
        self.mutation = schema.mutation.map(text);
        self.subscription = schema.subscription.map(text);
    }

    fn add(&mut self, definition: TypeDefinition) {
        let is_one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
        let kind = match definition.kind {
            TypeKind::Scalar => Kind::Scalar,
            TypeKind::Union(_) => Kind::Union,
            TypeKind::Object(object) => Kind::Fields(fields(object.fields)),
            TypeKind::Interface(interface) => Kind::Fields(fields(interface.fields)),
            TypeKind::Enum(values) => {
                Kind::Enum(values.values.into_iter().map(|value| value.node.value.node.to_string()).collect())
            }
            TypeKind::InputObject(input) => Kind::Input(Input { fields: input_fields(input), is_one_of }),
        };
        self.kinds.insert(definition.name.node.to_string(), kind);
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

    /// Whether values of a type are made of fields that cost something.
    pub(super) fn is_composite(&self, name: &str) -> bool {
        matches!(self.kinds.get(name), Some(Kind::Fields(_) | Kind::Union))
    }

    pub(super) fn count(&self) -> u64 {
        self.kinds.len() as u64
    }
}

impl Kind {
    /// Whether it is an input of which exactly one field is given.
    pub(super) fn is_one_of(&self) -> bool {
        matches!(self, Self::Input(input) if input.is_one_of)
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

fn fields(definitions: Vec<Positioned<FieldDefinition>>) -> HashMap<String, Field> {
    definitions.into_iter().map(|definition| field(definition.node)).collect()
}

fn field(definition: FieldDefinition) -> (String, Field) {
    let arguments = definition.arguments.into_iter().map(|argument| {
        let argument = argument.node;
        let default = argument.default_value.map(|value| value.node);
        (argument.name.node.to_string(), InputField { ty: argument.ty.node, default })
    });
    let ty = definition.ty.node;
    let field = Field {
        named: named(&ty).to_owned(),
        weight: weight(&definition.directives),
        arguments: arguments.collect(),
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
    let field = |field: async_graphql::parser::types::InputValueDefinition| {
        let default = field.default_value.map(|value| value.node);
        (field.name.node.to_string(), InputField { ty: field.ty.node, default })
    };
    input.fields.into_iter().map(|definition| field(definition.node)).collect()
}

/// The name of a type, without lists and `!`.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => named(item),
    }
}
