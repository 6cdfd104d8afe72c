//! Listens to what the server logs: an `error` means that someone must act, so no story may cause one; and no link to an image
//! is logged where logs are usually kept.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Watches the log of the test's thread, and shows warnings when the test fails.
pub struct Watch {
    errors: Errors,
    links: Links,
    _listening: DefaultGuard,
}

impl Watch {
    pub fn start() -> Self {
        let errors = Errors::default();
        let shown = tracing_subscriber::fmt::layer().with_test_writer().with_filter(LevelFilter::WARN);
        let links = Links::default();
        let heard = tracing_subscriber::registry().with(shown).with(errors.clone()).with(links.clone());
        Self { errors, links, _listening: tracing::subscriber::set_default(heard) }
    }

    /// Forgets one error with these words, which must be there.
    pub fn forgives(&self, words: &str) {
        let mut errors = self.errors.0.lock().expect("the log");
        let place = errors.iter().position(|error| error.contains(words));
        errors.remove(place.unwrap_or_else(|| panic!("no error says {words:?}")));
    }

    /// What was logged as an error.
    pub fn errors(&self) -> Vec<String> {
        self.errors.0.lock().expect("the log").clone()
    }

    /// What was logged at `info` or above with a link to an image in it.
    pub fn links(&self) -> Vec<String> {
        self.links.0.lock().expect("the log").clone()
    }
}

#[derive(Clone, Default)]
struct Links(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Links {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::INFO {
            let mut text = Text::default();
            event.record(&mut text);
            self.0.lock().expect("the log").extend(Some(text.0).filter(|text| text.contains("/images/")));
        }
    }
}

#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut text = Text::default();
            event.record(&mut text);
            self.0.lock().expect("the log").push(text.0);
        }
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}
