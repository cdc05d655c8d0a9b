//! What does an event of MISP say: from a feed's folder, an export, or `events/restSearch`?

use serde::Deserialize;

use super::super::indicator::{Context, Found, Place, Skipped, Value};
use super::super::json::{Loose, Many, Maybe};
use super::super::normal::{self, Refused};
use super::super::time;
use super::{Input, NOT_MATCHED, Read, Reader, tell};

/// Events with their attributes and objects.
pub const READER: Reader = Reader { name: "misp_event", title: "MISP event, JSON", read };

/// What stands around events.
#[derive(Debug, Deserialize)]
struct Wrapper {
    #[serde(default, rename = "Event")]
    event: Many<Event>,
    #[serde(default)]
    response: Many<Inner>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    #[serde(default, rename = "Event")]
    event: Many<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    uuid: Loose,
    #[serde(default)]
    id: Loose,
    #[serde(default)]
    info: Loose,
    #[serde(default)]
    threat_level_id: Loose,
    #[serde(default, rename = "Orgc")]
    orgc: Maybe<Named>,
    #[serde(default, rename = "Tag")]
    tags: Many<Named>,
    #[serde(default, rename = "Attribute")]
    attributes: Many<Attribute>,
    #[serde(default, rename = "Object")]
    objects: Many<Object>,
    #[serde(default, rename = "ShadowAttribute")]
    proposals: Many<Attribute>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) name: Loose,
}

#[derive(Debug, Deserialize)]
struct Object {
    #[serde(default)]
    name: Loose,
    #[serde(default)]
    uuid: Loose,
    #[serde(default)]
    deleted: Loose,
    #[serde(default, rename = "Attribute")]
    attributes: Many<Attribute>,
}

/// An attribute, as it stands in events and in `attributes/restSearch`.
#[derive(Debug, Deserialize)]
pub(super) struct Attribute {
    #[serde(default)]
    uuid: Loose,
    #[serde(default, rename = "type")]
    kind: Loose,
    #[serde(default)]
    value: Loose,
    #[serde(default)]
    to_ids: Loose,
    #[serde(default)]
    deleted: Loose,
    #[serde(default)]
    first_seen: Loose,
    #[serde(default)]
    last_seen: Loose,
    #[serde(default, rename = "Tag")]
    tags: Many<Named>,
    #[serde(default, rename = "ShadowAttribute")]
    proposals: Many<Attribute>,
    /// The event, in `attributes/restSearch`.
    #[serde(default, rename = "Event")]
    pub(super) event: Maybe<EventHead>,
}

/// What `attributes/restSearch` says of an event.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EventHead {
    #[serde(default)]
    pub(super) uuid: Loose,
    #[serde(default)]
    pub(super) id: Loose,
    #[serde(default)]
    pub(super) info: Loose,
}

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    if !(input.opens_with('{') || input.opens_with('[')) || !input.text.contains("\"Event\"") {
        return None;
    }
    let wrappers: Many<Wrapper> = serde_json::from_str(&input.text).ok()?;
    let mut any = false;
    for wrapper in wrappers.0 {
        let inner = wrapper.response.0.into_iter().flat_map(|inner| inner.event.0);
        for event in wrapper.event.0.into_iter().chain(inner) {
            any = true;
            event.tell(found);
        }
    }
    any.then_some(Read::Indicators)
}

impl Event {
    fn tell(self, found: &mut dyn Found) {
        let context = Context {
            event: self.uuid.owned(),
            event_id: self.id.number(),
            name: self.info.owned(),
            orgc: self.orgc.0.and_then(|org| org.name.owned()),
            threat_level: self.threat_level_id.number().and_then(|level| i32::try_from(level).ok()),
            tags: self.tags.0.iter().filter_map(|tag| tag.name.owned()).collect(),
            ..Context::default()
        };
        for attribute in self.attributes.0 {
            attribute.tell(&context, false, found);
        }
        for object in self.objects.0 {
            let context = Context {
                object: object.name.owned(),
                object_uuid: object.uuid.owned(),
                ..context.clone()
            };
            let deleted = object.deleted.truth() == Some(true);
            for attribute in object.attributes.0 {
                attribute.tell(&context, deleted, found);
            }
        }
        for proposal in self.proposals.0 {
            proposal.tell_proposal(found);
        }
    }
}

impl Attribute {
    /// Tells what it became, in the context of its event.
    pub(super) fn tell(self, event: &Context, object_deleted: bool, found: &mut dyn Found) {
        let Self {
            uuid, kind, value, to_ids, deleted, first_seen, last_seen, tags, proposals, ..
        } = self;
        let place = Place::attribute(uuid.text());
        let raw = value.0.as_deref().unwrap_or_default();
        let misp_type = kind.text().unwrap_or_default();
        let why = if object_deleted {
            Some("its object is deleted")
        } else if deleted.truth() == Some(true) {
            Some("deleted")
        } else {
            None
        };
        if let Some(why) = why {
            found.skipped(Skipped::left_out(place, raw, why).named(kind.text()));
        } else {
            tell_value(found, place, misp_type, raw, || {
                let mut all: Vec<_> = tags.0.iter().filter_map(|tag| tag.name.owned()).collect();
                all.extend(
                    event.tags.iter().filter(|tag| !all.contains(tag)).cloned().collect::<Vec<_>>(),
                );
                Context {
                    to_ids: to_ids.truth(),
                    tags: all,
                    first_seen: first_seen.text().and_then(time::parse),
                    last_seen: last_seen.text().and_then(time::parse),
                    ..event.clone()
                }
            });
        }
        for proposal in proposals.0 {
            proposal.tell_proposal(found);
        }
    }

    fn tell_proposal(self, found: &mut dyn Found) {
        let raw = self.value.0.as_deref().unwrap_or_default();
        let place = Place::attribute(self.uuid.text());
        let why = "ShadowAttribute is a proposal";
        found.skipped(Skipped::left_out(place, raw, why).named(self.kind.text()));
    }
}

/// Tells what a value of one of MISP's types became.
pub(super) fn tell_value(
    found: &mut dyn Found,
    place: Place,
    misp_type: &str,
    raw: &str,
    context: impl FnOnce() -> Context,
) {
    match value_of(misp_type, raw) {
        Some(value) => tell(found, place, raw, Some(misp_type), value, || Context {
            misp_type: Some(misp_type.to_owned()),
            ..context()
        }),
        None => found.skipped(Skipped::left_out(place, raw, NOT_MATCHED).named(Some(misp_type))),
    }
}

/// A value of one of MISP's types; `None` for types that no proxy logs.
fn value_of(misp_type: &str, raw: &str) -> Option<Result<Value, Refused>> {
    let pair = || raw.split_once('|').ok_or(Refused::Malformed);
    Some(match misp_type {
        "domain" => normal::domain(raw),
        "hostname" => normal::hostname(raw),
        "url" => normal::url(raw),
        "uri" => normal::uri(raw),
        "ip-dst" | "ip-src" => normal::ip(raw),
        "ip-dst|port" | "ip-src|port" => {
            pair().and_then(|(ip, port)| normal::ip_port(ip.trim(), port))
        }
        "hostname|port" => pair().and_then(|(host, port)| normal::hostname_port(host, port)),
        "domain|ip" => pair().and_then(|(host, ip)| normal::domain_ip(host, &[ip])),
        "user-agent" => normal::user_agent(raw),
        "http-method" => normal::method(raw),
        _ => return None,
    })
}
