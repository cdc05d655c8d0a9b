//! What does MISP answer to `attributes/restSearch`?

use serde::Deserialize;

use super::super::indicator::{Context, Found};
use super::super::json::{Many, Maybe};
use super::misp_event::Attribute;
use super::{Input, Read, Reader};

/// Attributes without their events.
pub const READER: Reader = Reader { name: "misp_attributes", title: "MISP attributes, JSON", read };

#[derive(Debug, Deserialize)]
struct Wrapper {
    #[serde(default)]
    response: Maybe<Attributes>,
    #[serde(default, rename = "Attribute")]
    attributes: Many<Attribute>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    #[serde(default, rename = "Attribute")]
    attributes: Many<Attribute>,
}

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    if !input.opens_with('{') || !input.text.contains("\"Attribute\"") {
        return None;
    }
    let wrapper: Wrapper = serde_json::from_str(&input.text).ok()?;
    let inner = wrapper.response.0.map(|inner| inner.attributes.0).unwrap_or_default();
    let mut all = wrapper.attributes.0.into_iter().chain(inner).peekable();
    all.peek()?;
    for mut attribute in all {
        let event = attribute.event.0.take().unwrap_or_default();
        let context = Context {
            event: event.uuid.owned(),
            event_id: event.id.number(),
            name: event.info.owned(),
            ..Context::default()
        };
        attribute.tell(&context, false, found);
    }
    Some(Read::Indicators)
}
