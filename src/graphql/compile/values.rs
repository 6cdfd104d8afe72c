//! Input values against the types of the schema (specification, 3.5–3.12, 5.6 and 6.1.2).
//!
//! Messages name a place and what it needs, never a value: it may be a password.

use std::collections::HashMap;

use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Number, Value};
use async_graphql_value::Value as Literal;

use super::types::{Input, InputField, Kind, Types};
use crate::graphql::scalars;

/// The scalars of the specification.
pub(super) const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// The types of the variables that an operation declares, and which of them have a default.
pub(super) type Declared<'a> = HashMap<&'a str, (&'a Type, bool)>;

/// Where values come from. A document distinguishes more kinds of values than JSON does.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// JSON of a client.
    Json,
    /// The text of a document, where variables may stand that are declared with these types.
    Document(&'a Declared<'a>),
}

/// Why a value does not fit, and where in it.
#[derive(Debug)]
pub(super) struct Misfit {
    /// From the value that does not fit to the whole.
    path: Vec<String>,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Type(String),
    Form(&'static str),
    Missing(String),
    Unknown(String),
    NotOne,
    Variable { name: String, ty: String, needs: String },
}

impl Misfit {
    /// A sentence for a client, given what the whole is: "variable" and `$input`, or "argument" and `input`.
    pub(super) fn message(&self, (what, whole): (&str, &str)) -> String {
        let inner = self.path.iter().rev().map(String::as_str);
        let place = [whole].into_iter().chain(inner).collect::<Vec<_>>().join(".");
        match &self.reason {
            Reason::Type(ty) => format!("The {what} `{place}` must be of type `{ty}`."),
            Reason::Form(form) => format!("The {what} `{place}` must be {form}."),
            Reason::Missing(ty) => format!("The {what} `{place}` of type `{ty}` is missing."),
            Reason::Unknown(field) => format!("The {what} `{place}` has no field `{field}`."),
            Reason::NotOne => format!("Exactly one field of the {what} `{place}` must be given."),
            Reason::Variable { name, ty, needs } => {
                format!("The variable `${name}` of type `{ty}` does not fit the {what} `{place}` of type `{needs}`.")
            }
        }
    }

    fn within(mut self, part: &impl ToString) -> Self {
        self.path.push(part.to_string());
        self
    }
}

impl From<Reason> for Misfit {
    fn from(reason: Reason) -> Self {
        Self { path: Vec::new(), reason }
    }
}

type Coerced = Result<Value, Misfit>;

/// Coerces a value to a type. A variable in it is checked by its declaration and counts as null.
pub(super) fn coerce(types: &Types, (ty, origin): (&Type, Origin<'_>), value: &Literal) -> Coerced {
    Coercion { types, origin }.place((ty, false), value)
}

/// The same for an argument, which may have a default.
pub(super) fn check_argument(
    types: &Types,
    (argument, declared): (&InputField, &Declared<'_>),
    value: &Literal,
) -> Result<(), Misfit> {
    let coercion = Coercion { types, origin: Origin::Document(declared) };
    coercion.place((&argument.ty, argument.default.is_some()), value).map(|_| ())
}

struct Coercion<'a> {
    types: &'a Types,
    origin: Origin<'a>,
}

impl Coercion<'_> {
    /// A place has a type, and perhaps a default.
    fn place(&self, (ty, has_default): (&Type, bool), value: &Literal) -> Coerced {
        match (&ty.base, value) {
            (_, Literal::Variable(name)) => self.variable((ty, has_default), name),
            (_, Literal::Null) if ty.nullable => Ok(Value::Null),
            (_, Literal::Null) => Err(misfit(ty)),
            (BaseType::List(item), Literal::List(values)) => {
                let items = values.iter().enumerate();
                let items =
                    items.map(|(at, value)| self.place((item, false), value).map_err(|misfit| misfit.within(&at)));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            (BaseType::List(item), value) => Ok(Value::List(vec![self.place((item, false), value)?])),
            (BaseType::Named(name), value) => self.named((ty, name), value),
        }
    }

    fn named(&self, (ty, name): (&Type, &Name), value: &Literal) -> Coerced {
        match (self.types.kind(name), value) {
            (Some(Kind::Input(input)), Literal::Object(fields)) => self.input(input, fields),
            (Some(Kind::Enum(values)), value) => self
                .symbol(value)
                .filter(|symbol| values.contains(symbol.as_str()))
                .map(Value::Enum)
                .ok_or_else(|| misfit(ty)),
            (Some(Kind::Scalar), value) => self.scalar((ty, name), value),
            _ => Err(misfit(ty)),
        }
    }

    /// A variable fits where every value of its type does (specification, 5.8.5).
    fn variable(&self, (ty, has_default): (&Type, bool), name: &Name) -> Coerced {
        let Origin::Document(declared) = self.origin else { return Err(misfit(ty)) };
        // Validation reports a variable that is not declared.
        let Some((declared, variable_has_default)) = declared.get(name.as_str()) else { return Ok(Value::Null) };
        let can_be_null = declared.nullable && !ty.nullable;
        if (can_be_null && !has_default && !variable_has_default) || !is_same_or_stricter(declared, ty) {
            let (name, ty, needs) = (name.to_string(), declared.to_string(), ty.to_string());
            return Err(Reason::Variable { name, ty, needs }.into());
        }
        Ok(Value::Null)
    }

    fn input(&self, input: &Input, given: &IndexMap<Name, Literal>) -> Coerced {
        if input.is_one_of && !self.is_one(given) {
            return Err(Reason::NotOne.into());
        }
        if let Some(unknown) = given.keys().find(|name| !input.fields.contains_key(name.as_str())) {
            return Err(Reason::Unknown(unknown.chars().take(50).collect()).into());
        }
        let missing =
            input.fields.iter().filter(|(name, field)| field.is_required() && !given.contains_key(name.as_str()));
        if let Some((name, field)) = missing.min_by_key(|(name, _)| name.as_str()) {
            return Err(Misfit::from(Reason::Missing(field.ty.to_string())).within(name));
        }
        let fields = given.iter().filter_map(|(name, value)| Some((name, input.fields.get(name.as_str())?, value)));
        let fields = fields.map(|(name, field, value)| {
            let value = self.place((&field.ty, field.default.is_some()), value);
            Ok((name.clone(), value.map_err(|misfit| misfit.within(name))?))
        });
        Ok(Value::Object(fields.collect::<Result<_, Misfit>>()?))
    }

    /// Whether exactly one field is given and cannot be null.
    fn is_one(&self, given: &IndexMap<Name, Literal>) -> bool {
        let cannot_be_null = |value: &Literal| match (value, self.origin) {
            (Literal::Null, _) => false,
            (Literal::Variable(name), Origin::Document(declared)) => {
                declared.get(name.as_str()).is_none_or(|(ty, _)| !ty.nullable)
            }
            _ => true,
        };
        given.len() == 1 && given.values().all(cannot_be_null)
    }

    /// The name of an enum's value. JSON has no names, so it gives them as strings.
    fn symbol(&self, value: &Literal) -> Option<Name> {
        match (value, self.origin) {
            (Literal::Enum(name), _) => Some(name.clone()),
            (Literal::String(name), Origin::Json) => Some(Name::new(name)),
            _ => None,
        }
    }

    fn scalar(&self, (ty, name): (&Type, &Name), value: &Literal) -> Coerced {
        let Some(value) = value.clone().into_const() else { return Err(misfit(ty)) };
        if BUILT_IN.contains(&name.as_str()) {
            return self.built_in(name, value).ok_or_else(|| misfit(ty));
        }
        match scalars::check(name, &value) {
            Ok(()) => Ok(value),
            Err(form) => Err(Reason::Form(form).into()),
        }
    }

    fn built_in(&self, name: &str, value: Value) -> Option<Value> {
        match (name, value) {
            ("Int", Value::Number(number)) => self.int(&number).map(Value::from),
            ("ID", Value::Number(number)) => (number.is_i64() || number.is_u64()).then(|| number.to_string().into()),
            ("Float", value @ Value::Number(_))
            | ("String" | "ID", value @ Value::String(_))
            | ("Boolean", value @ Value::Boolean(_)) => Some(value),
            _ => None,
        }
    }

    /// A whole number of 32 bits. JSON does not distinguish 5.0 from 5, a document does.
    fn int(&self, number: &Number) -> Option<i32> {
        if let Some(whole) = number.as_i64() {
            return i32::try_from(whole).ok();
        }
        let is_whole =
            |float: &f64| float.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(float);
        let float = number.as_f64().filter(|float| matches!(self.origin, Origin::Json) && is_whole(float))?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        Some(float as i32)
    }
}

type IndexMap<K, V> = async_graphql::indexmap::IndexMap<K, V>;

fn misfit(ty: &Type) -> Misfit {
    Reason::Type(ty.to_string()).into()
}

/// Whether every value of one type, null aside, is a value of another one.
fn is_same_or_stricter(ty: &Type, place: &Type) -> bool {
    match (&ty.base, &place.base) {
        (BaseType::Named(name), BaseType::Named(needed)) => name == needed,
        (BaseType::List(item), BaseType::List(needed)) => {
            (needed.nullable || !item.nullable) && is_same_or_stricter(item, needed)
        }
        _ => false,
    }
}
