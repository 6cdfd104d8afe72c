//! Which kind of JSON a client reads and sends: `Accept` and `Content-Type`, as GraphQL over HTTP reads them.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};

use crate::platform::imaging::Output;

/// The media type of GraphQL's answers.
pub(super) const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
/// What clients of the time before that read.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// The forms of answers that a client reads, and how gladly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    whole: Option<(Label, u16)>,
    event_stream: u16,
    multipart: u16,
}

/// The form of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One answer.
    Whole(Label),
    /// As many as there are, one after the other.
    Parts(Parts),
}

/// How answers that follow each other are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// `text/event-stream`.
    EventStream,
    /// `multipart/mixed; subscriptionSpec=1.0`.
    Multipart,
}

impl Accepted {
    /// What `Accept` says; `None` when the client reads nothing that we write.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let accept = joined(headers, ACCEPT)?;
        if accept.trim().is_empty() {
            return Some(Self { whole: Some((Label::Json, 1)), event_stream: 0, multipart: 0 });
        }
        let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
        let accepted = Self {
            whole: Label::best(&ranges),
            event_stream: named(&ranges, Range::is_event_stream),
            multipart: named(&ranges, Range::is_multipart),
        };
        (accepted.whole.is_some() || accepted.parts().is_some()).then_some(accepted)
    }

    /// The form of one answer: whole when that is read as gladly. Some clients accept every form for every operation.
    pub(super) fn for_one(self) -> Option<Form> {
        match (self.whole, self.parts()) {
            (Some((label, whole)), Some((_, parts))) if whole >= parts => Some(Form::Whole(label)),
            (_, Some((parts, _))) => Some(Form::Parts(parts)),
            (whole, None) => whole.map(|(label, _)| Form::Whole(label)),
        }
    }

    /// The form of many answers; `None` when only whole ones are read.
    pub(super) fn for_many(self) -> Option<Form> {
        self.parts().map(|(parts, _)| Form::Parts(parts))
    }

    fn parts(self) -> Option<(Parts, u16)> {
        match (self.event_stream, self.multipart) {
            (0, 0) => None,
            (events, multipart) if events >= multipart => Some((Parts::EventStream, events)),
            (_, multipart) => Some((Parts::Multipart, multipart)),
        }
    }
}

/// The quality of a type that only its own name stands for: no wildcard asks for a response that stays open.
fn named<'a>(ranges: &[Range<'a>], is: impl Fn(&Range<'a>) -> bool) -> u16 {
    ranges.iter().filter(|range| is(range)).map(|range| range.quality).max().unwrap_or(0)
}

/// How answers with data are labelled. Answers without are always GraphQL's own type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// `application/graphql-response+json`.
    Graphql,
    /// `application/json`.
    Json,
}

impl Label {
    /// What the client reads best, and how gladly; `None` when it reads neither.
    fn best(ranges: &[Range<'_>]) -> Option<(Self, u16)> {
        let (graphql, json) = (quality(ranges, "graphql-response+json"), quality(ranges, "json"));
        match (graphql, json) {
            (0, 0) => None,
            (graphql, json) if graphql >= json => Some((Self::Graphql, graphql)),
            (_, json) => Some((Self::Json, json)),
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
    /// Whether it names the version of the protocol for subscriptions in parts.
    has_subscriptions: bool,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let (mut quality, mut has_subscriptions) = (1000, false);
        for (name, value) in parts.filter_map(parameter) {
            if name.eq_ignore_ascii_case("q") {
                quality = thousandths(value)?;
            } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
                return None;
            } else if name.eq_ignore_ascii_case("subscriptionSpec") {
                has_subscriptions = value == "1.0";
            }
        }
        Some(Self { kind, subtype, quality, has_subscriptions })
    }

    fn is_event_stream(&self) -> bool {
        self.kind.eq_ignore_ascii_case("text") && self.subtype.eq_ignore_ascii_case("event-stream")
    }

    fn is(&self, media_type: &str) -> bool {
        media_type.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }

    fn is_multipart(&self) -> bool {
        let is_mixed = self.kind.eq_ignore_ascii_case("multipart") && self.subtype.eq_ignore_ascii_case("mixed");
        is_mixed && self.has_subscriptions
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

/// The format of images that a client reads best: one that `Accept` names, the smallest where it does not care. A wildcard
/// says nothing of images in a request for something else.
pub(super) fn best_image(headers: &HeaderMap) -> Output {
    let accept = joined(headers, ACCEPT).unwrap_or_default();
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
    let quality = |output: Output| named(&ranges, |range| range.is(output.media_type()));
    let best = Output::ALL.into_iter().map(|output| (quality(output), output)).max_by_key(|(quality, _)| *quality);
    best.filter(|(quality, _)| *quality > 0).map_or(Output::Jpeg, |(_, output)| output)
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
            let form = Accepted::read(&headers(&ACCEPT, accept)).and_then(Accepted::for_one);
            assert_eq!(form, expected.map(Form::Whole), "{accept:?}");
        }
    }

    #[test]
    fn one_answer_and_many() {
        const EVENTS: Form = Form::Parts(Parts::EventStream);
        const MULTIPART: Form = Form::Parts(Parts::Multipart);
        const WHOLE: Form = Form::Whole(Label::Graphql);
        // Those of EventSource and graphql-sse, Apollo, and urql.
        let cases = [
            ("text/event-stream", EVENTS, Some(EVENTS)),
            (
                "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json",
                Form::Whole(Label::Json),
                Some(MULTIPART),
            ),
            ("multipart/mixed; subscriptionSpec=\"1.0\"", MULTIPART, Some(MULTIPART)),
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                WHOLE,
                Some(EVENTS),
            ),
            ("text/event-stream, multipart/mixed;subscriptionSpec=1.0", EVENTS, Some(EVENTS)),
            ("text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0;q=0.9", MULTIPART, Some(MULTIPART)),
            ("application/json;q=0.5, text/event-stream", EVENTS, Some(EVENTS)),
            ("*/*", WHOLE, None),
            ("application/json;q=0.1, text/event-stream;q=0", Form::Whole(Label::Json), None),
        ];
        for (accept, one, many) in cases {
            let accepted = Accepted::read(&headers(&ACCEPT, &[accept])).unwrap();
            assert_eq!((accepted.for_one(), accepted.for_many()), (Some(one), many), "{accept}");
        }
        for accept in ["multipart/mixed", "multipart/mixed;subscriptionSpec=2.0", "text/*", "text/event-stream;q=0"] {
            assert!(Accepted::read(&headers(&ACCEPT, &[accept])).is_none(), "{accept}");
        }
    }

    #[test]
    fn images() {
        let cases = [
            ("application/json", Output::Jpeg),
            ("*/*, image/*", Output::Jpeg),
            ("application/json, image/webp", Output::WebP),
            ("application/json, image/avif, image/webp, */*", Output::Avif),
            ("application/json, Image/WebP;q=0.9, image/avif;q=0.5", Output::WebP),
            ("application/json, image/avif;q=0, image/webp;q=0", Output::Jpeg),
            ("image/jpeg, image/webp;q=0.1", Output::Jpeg),
        ];
        for (accept, expected) in cases {
            assert_eq!(best_image(&headers(&ACCEPT, &[accept])), expected, "{accept}");
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
