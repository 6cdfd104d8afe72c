//! The front door: GraphQL over HTTP as any client sends it, and what comes back.

use std::net::{IpAddr, SocketAddr};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// How a server is reached.
#[derive(Clone, Debug)]
pub struct Front {
    /// What sends requests.
    pub client: Client,
    /// Where the server listens.
    pub address: SocketAddr,
}

impl Front {
    /// The server at an address.
    pub fn at(address: SocketAddr) -> Self {
        let client = Client::builder().no_proxy().timeout(super::PATIENCE).build().expect("an HTTP client");
        Self { client, address }
    }

    /// The same server, as it is reached from another address of this machine.
    pub fn from(&self, local: IpAddr) -> Self {
        let client = Client::builder().no_proxy().timeout(super::PATIENCE).local_address(local);
        Self { client: client.build().expect("an HTTP client"), ..self.clone() }
    }

    /// The address of something on the server, from its path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A GraphQL request, signed in with a token or not.
    pub fn request(&self, token: Option<&str>, query: &str, variables: &Value) -> RequestBuilder {
        let request = self.client.post(self.url("/graphql")).header("accept", "application/graphql-response+json");
        let request = request.json(&json!({ "query": query, "variables": variables }));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a GraphQL request. Fails only when the server cannot be reached or breaks off.
    pub async fn sends(&self, token: Option<&str>, query: &str, variables: &Value) -> reqwest::Result<Answer> {
        let response = self.request(token, query, variables).send().await?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: response.json().await? })
    }
}

/// What a GraphQL request was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: `data`, `errors`, `extensions`.
    pub body: Value,
}

impl Answer {
    /// A value of the data, by its path from there: `/viewer/user/username`. There must be no errors.
    pub fn data(&self, path: &str) -> &Value {
        assert!(self.body.get("errors").is_none(), "{:#}", self.body);
        self.body["data"].pointer(path).unwrap_or_else(|| panic!("no {path} in {:#}", self.body))
    }

    /// A text of the data.
    pub fn text(&self, path: &str) -> String {
        text(self.data(path))
    }

    /// The values of a list of the data, each by its path in the item.
    pub fn texts(&self, list: &str, path: &str) -> Vec<String> {
        let items = self.data(list).as_array().unwrap_or_else(|| panic!("{list} is no list in {:#}", self.body));
        items.iter().map(|item| text(item.pointer(path).unwrap_or_else(|| panic!("no {path} in {item:#}")))).collect()
    }

    /// The code of the only error.
    pub fn code(&self) -> &str {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {:#}", self.body));
        assert_eq!(errors.len(), 1, "{:#}", self.body);
        errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {:#}", self.body))
    }
}

/// The text of a value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// What a mutation was answered.
#[derive(Clone, Debug)]
pub struct Payload {
    mutation: String,
    answer: Answer,
}

impl Payload {
    /// The answer to a mutation.
    pub fn new(mutation: &str, answer: Answer) -> Self {
        Self { mutation: mutation.to_owned(), answer }
    }

    /// The payload of a mutation that was done.
    pub fn done(self) -> Value {
        let payload = self.payload();
        assert_eq!(payload["userErrors"], json!([]), "{} was refused", self.mutation);
        payload.clone()
    }

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.payload()["userErrors"] == json!([])
    }

    /// The code of the only thing that the caller can fix.
    pub fn refusal(&self) -> String {
        text(&self.user_error()["code"])
    }

    /// The only thing that the caller can fix: `__typename`, `code`, `message`, `path`, `limit`.
    pub fn user_error(&self) -> &Value {
        let errors = self.payload()["userErrors"].as_array().expect("a list of user errors");
        assert_eq!(errors.len(), 1, "{:#}", self.answer.body);
        assert!(errors[0]["message"].as_str().is_some_and(|message| message.len() > 5), "{:#}", self.answer.body);
        &errors[0]
    }

    /// The code of the error of a mutation that was not even tried.
    pub fn code(&self) -> &str {
        self.answer.code()
    }

    fn payload(&self) -> &Value {
        self.answer.data(&format!("/{}", self.mutation))
    }
}
