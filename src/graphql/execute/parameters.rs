//! What a client sent with an operation, before anything of it is checked but its form.

use std::sync::Arc;

use async_graphql::Variables;
use serde_json::{Map, Value};

use crate::base::error::Code;
use crate::graphql::report::Rejected;
use crate::platform::imaging::Output;

/// What a client sent: a document, which of its operations, and values.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(super) query: Arc<str>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
    /// The last event the client heard, as its transport knows it.
    pub(super) after: Option<String>,
    /// The best format of images that the client reads.
    pub(super) best: Output,
}

impl Parameters {
    /// The same after an event that the client's transport names; that is later than what the variables say.
    pub(crate) fn after(self, event: Option<String>) -> Self {
        Self { after: event, ..self }
    }

    /// The same for a client that reads images of this format.
    pub(crate) fn best(self, best: Output) -> Self {
        Self { best, ..self }
    }

    /// Reads them from a JSON object.
    ///
    /// # Errors
    /// When one is missing or is not what it must be, or a persisted document is named.
    pub(crate) fn read(mut json: Map<String, Value>) -> Result<Self, Rejected> {
        let extensions = object(&mut json, "extensions")?;
        let is_persisted = extensions.contains_key("persistedQuery") || json.contains_key("documentId");
        let Some(query) = text(&mut json, "query")? else { return Err(without_query(is_persisted)) };
        // An empty name is what some clients send for none.
        let operation_name = text(&mut json, "operationName")?.filter(|name| !name.is_empty());
        let variables = Variables::from_json(Value::Object(object(&mut json, "variables")?));
        Ok(Self { query: query.into(), operation_name, variables, after: None, best: Output::Jpeg })
    }
}

fn without_query(is_persisted: bool) -> Rejected {
    if is_persisted {
        // Apollo's clients compare this very word before they send the document itself.
        return Rejected::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported");
    }
    Rejected::new(Code::BadUserInput, "The parameter `query` is missing.")
}

fn text(json: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Rejected> {
    match json.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Rejected::new(Code::BadUserInput, format!("The parameter `{name}` must be a string."))),
    }
}

fn object(json: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Rejected> {
    match json.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(Rejected::new(Code::BadUserInput, format!("The parameter `{name}` must be an object."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Value) -> Result<Parameters, (Code, String)> {
        let Value::Object(json) = json else { panic!("{json} is not an object") };
        Parameters::read(json).map_err(|rejected| (rejected.code, rejected.message().to_owned()))
    }

    #[test]
    fn null_is_the_same_as_nothing() {
        for more in [json!(null), json!({})] {
            let read = read(json!({ "query": "{ a }", "operationName": null, "variables": more, "extensions": more }));
            assert!(read.is_ok_and(|read| read.operation_name.is_none() && read.variables.is_empty()));
        }
        assert!(
            read(json!({ "query": "{ a }", "operationName": "", "onError": "NULL" }))
                .is_ok_and(|read| read.operation_name.is_none())
        );
    }

    #[test]
    fn what_is_ill_formed_is_named() {
        let cases = [
            (json!({}), "The parameter `query` is missing."),
            (json!({ "query": null }), "The parameter `query` is missing."),
            (json!({ "query": ["{ a }"] }), "The parameter `query` must be a string."),
            (json!({ "query": "{ a }", "operationName": 1 }), "The parameter `operationName` must be a string."),
            (json!({ "query": "{ a }", "variables": "{}" }), "The parameter `variables` must be an object."),
            (json!({ "query": "{ a }", "variables": [1] }), "The parameter `variables` must be an object."),
            (json!({ "query": "{ a }", "extensions": 1 }), "The parameter `extensions` must be an object."),
        ];
        for (json, message) in cases {
            assert_eq!(read(json.clone()).unwrap_err(), (Code::BadUserInput, message.to_owned()), "{json}");
        }
    }

    #[test]
    fn persisted_documents_are_refused_in_the_words_clients_know() {
        for json in [json!({ "extensions": { "persistedQuery": {} } }), json!({ "documentId": "sha256:00" })] {
            let refused = (Code::PersistedQueryNotSupported, "PersistedQueryNotSupported".to_owned());
            assert_eq!(read(json).unwrap_err(), refused);
        }
        assert!(read(json!({ "query": "{ a }", "extensions": { "persistedQuery": {} } })).is_ok());
    }
}
