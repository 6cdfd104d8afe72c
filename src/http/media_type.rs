//! Which kind of JSON a client reads and sends: `Accept` and `Content-Type`, as GraphQL over HTTP reads them.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};

/// The media type of GraphQL's answers.
pub(super) const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
/// What clients of the time before that read.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// How answers with data are labelled. Answers without are always GraphQL's own type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// `application/graphql-response+json`.
    Graphql,
    /// `application/json`.
    Json,
}

impl Label {
    /// What the client reads best; `None` when it reads neither.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let accept = joined(headers, ACCEPT)?;
        if accept.trim().is_empty() {
            return Some(Self::Json);
        }
        let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
        let (graphql, json) = (quality(&ranges, "graphql-response+json"), quality(&ranges, "json"));
        match (graphql, json) {
            (0, 0) => None,
            (graphql, json) if graphql >= json => Some(Self::Graphql),
            _ => Some(Self::Json),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Graphql => GRAPHQL,
            Self::Json => JSON,
        }
    }
}

/// All headers of a name as one list; `None` when one is not text.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let texts: Result<Vec<&str>, _> = headers.get_all(name).iter().map(|value| value.to_str()).collect();
    texts.ok().map(|texts| texts.join(","))
}

/// One range of `Accept`: `application/*;q=0.5`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1000;
        for (name, value) in parts.filter_map(parameter) {
            if name.eq_ignore_ascii_case("q") {
                quality = thousandths(value)?;
            } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
                return None;
            }
        }
        Some(Self { kind, subtype, quality })
    }

    /// How exactly it names `application/subtype`, if it does.
    fn precision(&self, subtype: &str) -> Option<u8> {
        let is_application = self.kind.eq_ignore_ascii_case("application");
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (_, "*") if is_application => Some(1),
            (_, own) if is_application && own.eq_ignore_ascii_case(subtype) => Some(2),
            _ => None,
        }
    }
}

/// The quality of a type is that of the most precise range that names it.
fn quality(ranges: &[Range<'_>], subtype: &str) -> u16 {
    let matching = ranges.iter().filter_map(|range| Some((range.precision(subtype)?, range.quality)));
    matching.max().map_or(0, |(_, quality)| quality)
}

fn thousandths(quality: &str) -> Option<u16> {
    let quality: f32 = quality.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 1000")]
    (0.0..=1.0).contains(&quality).then_some((quality * 1000.0) as u16)
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim(), value.trim().trim_matches('"')))
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8")
}

/// Whether a body is said to be JSON in UTF-8, and not packed. Nothing else is read, so that no page of another origin
/// can send a request without asking first.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() != b"identity");
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(Ok(text)), None) = (types.next().map(|value| value.to_str()), types.next()) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let mut charsets = parts.filter_map(parameter).filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    is_json && !packed && charsets.all(|(_, charset)| is_utf8(charset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn accept() {
        let cases: [(&[&str], Option<Label>); 20] = [
            (&[], Some(Label::Json)),
            (&[""], Some(Label::Json)),
            (&["*/*"], Some(Label::Graphql)),
            (&["application/*"], Some(Label::Graphql)),
            (&["application/json"], Some(Label::Json)),
            (&["APPLICATION/JSON; charset=UTF-8"], Some(Label::Json)),
            (&["application/graphql-response+json"], Some(Label::Graphql)),
            (&["application/graphql-response+json; charset=\"utf-8\""], Some(Label::Graphql)),
            (&["application/graphql-response+json, application/json;q=0.9"], Some(Label::Graphql)),
            (&["application/graphql-response+json;q=0.5, application/json"], Some(Label::Json)),
            (&["application/json", "application/graphql-response+json"], Some(Label::Graphql)),
            (&["application/json, */*;q=0.1"], Some(Label::Json)),
            (&["*/*, application/graphql-response+json;q=0"], Some(Label::Json)),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Some(Label::Graphql)),
            (&["text/html"], None),
            (&["application/xml, nonsense"], None),
            (&["application/json;q=0"], None),
            (&["*/*;q=0"], None),
            (&["application/json; charset=utf-16"], None),
            (&["application/json;q=2"], None),
        ];
        for (accept, expected) in cases {
            assert_eq!(Label::wanted(&headers(&ACCEPT, accept)), expected, "{accept:?}");
        }
    }

    #[test]
    fn content_type() {
        let cases: [(&[&str], bool); 10] = [
            (&[], false),
            (&["application/json"], true),
            (&["Application/JSON; Charset=\"UTF-8\""], true),
            (&["application/json;odata=verbose"], true),
            (&["application/json; charset=utf-16"], false),
            (&["application/json; charset=latin1"], false),
            (&["text/plain"], false),
            (&["application/graphql"], false),
            (&["multipart/form-data; boundary=x"], false),
            (&["application/json", "text/plain"], false),
        ];
        for (content_type, expected) in cases {
            assert_eq!(is_json(&headers(&CONTENT_TYPE, content_type)), expected, "{content_type:?}");
        }
        let mut packed = headers(&CONTENT_TYPE, &["application/json"]);
        packed.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!is_json(&packed));
    }
}
