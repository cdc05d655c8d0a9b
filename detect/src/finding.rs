//! What does a hunt say? One finding for each hunt, entity and day, with what is needed to judge it and to see its rows.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use storage::clock::Micros;
use storage::day::Day;

/// How much a finding matters, from the least.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing, never worth a call.
    #[default]
    Informational,
    /// A weak sign, or a common one.
    Low,
    /// Worth a look.
    Medium,
    /// Worth an hour.
    High,
    /// Look now.
    Critical,
}

impl Level {
    /// All levels, from the least.
    pub const ALL: [Self; 5] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of this name, in any case; `info` is `informational`.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        if name == "info" {
            return Some(Self::Informational);
        }
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What a hunt has found of one entity on one day. As JSON it is one flat object: the entity's columns stand beside
/// the other members.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable: follows from hunt, entity and day. 16 hexadecimal digits.
    pub id: String,
    /// The hunt's id; `sigma:` and the rule's id where it is a rule.
    pub hunt: String,
    /// How much it matters.
    pub level: Level,
    /// A few words.
    pub title: String,
    /// One sentence with the numbers.
    pub why: String,
    /// The UTC day; of a hunt over several days the last one.
    pub day: Day,
    /// Who or what it is about, under the names of the columns of `requests`; without those that are NULL.
    pub entity: Vec<(String, Value)>,
    /// Time of the first row.
    pub first: Micros,
    /// Time of the last row.
    pub last: Micros,
    /// How many rows.
    pub count: u64,
    /// From 0 to 1, where the hunt gives one.
    pub score: Option<f64>,
    /// What the score is made of.
    pub parts: Vec<(String, f64)>,
    /// SQL that returns exactly the rows.
    pub evidence: String,
    /// Techniques of ATT&CK.
    pub attack: Vec<String>,
    /// Who wrote the rule.
    pub author: Option<String>,
}

/// Members of a finding's JSON that are no part of its entity.
const OWN: [&str; 15] = [
    "id",
    "hunt",
    "level",
    "title",
    "why",
    "day",
    "first",
    "last",
    "count",
    "score",
    "score_parts",
    "evidence",
    "attack",
    "author",
    "state",
];

impl Finding {
    /// The id of what `hunt` finds of this entity on this day: 16 hexadecimal digits of a SHA-256.
    pub fn id_of(hunt: &str, entity: &[(String, Value)], day: Day) -> String {
        let mut sorted: Vec<_> = entity.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let mut hash = Sha256::new();
        hash.update(hunt.as_bytes());
        for (name, value) in sorted {
            hash.update([0]);
            hash.update(name.as_bytes());
            hash.update([1]);
            hash.update(value.to_string().as_bytes());
        }
        hash.update([0]);
        hash.update(day.to_string().as_bytes());
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A column of its entity, as text.
    pub fn of(&self, column: &str) -> Option<String> {
        let (_, value) = self.entity.iter().find(|(name, _)| name == column)?;
        Some(plain(value))
    }

    /// Its entity in one line: `client_ip 10.0.0.7, host a.example`.
    pub fn entity_line(&self) -> String {
        let parts = self.entity.iter().map(|(name, value)| format!("{name} {}", plain(value)));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// A value without the quotes of JSON.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A time as findings write it: RFC 3339, in UTC, with microseconds where there are some.
pub fn time(at: Micros) -> String {
    let format = chrono::SecondsFormat::AutoSi;
    chrono::DateTime::from_timestamp_micros(at)
        .map_or_else(|| at.to_string(), |time| time.to_rfc3339_opts(format, true))
}

pub(crate) fn time_of(text: &str) -> Option<Micros> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("hunt", &self.hunt)?;
        map.serialize_entry("level", &self.level)?;
        map.serialize_entry("title", &self.title)?;
        for (name, value) in &self.entity {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("day", &self.day.to_string())?;
        map.serialize_entry("first", &time(self.first))?;
        map.serialize_entry("last", &time(self.last))?;
        map.serialize_entry("count", &self.count)?;
        if let Some(score) = self.score {
            map.serialize_entry("score", &score)?;
        }
        if !self.parts.is_empty() {
            let parts = self.parts.iter().map(|(name, part)| (name.clone(), (*part).into()));
            map.serialize_entry("score_parts", &parts.collect::<Map<String, Value>>())?;
        }
        map.serialize_entry("why", &self.why)?;
        map.serialize_entry("evidence", &self.evidence)?;
        map.serialize_entry("attack", &self.attack)?;
        if let Some(author) = &self.author {
            map.serialize_entry("author", author)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let map = Map::deserialize(deserializer)?;
        let wrong = |name: &str| D::Error::custom(format!("a finding whose `{name}` is wrong"));
        let text = |name: &str| {
            map.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| wrong(name))
        };
        let at = |name: &str| time_of(&text(name)?).ok_or_else(|| wrong(name));
        let parts = map.get("score_parts").and_then(Value::as_object).into_iter().flatten();
        let attack = map.get("attack").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            id: text("id")?,
            hunt: text("hunt")?,
            level: Level::parse(&text("level")?).ok_or_else(|| wrong("level"))?,
            title: text("title")?,
            why: text("why")?,
            day: text("day")?.parse().map_err(|_| wrong("day"))?,
            first: at("first")?,
            last: at("last")?,
            count: map.get("count").and_then(Value::as_u64).ok_or_else(|| wrong("count"))?,
            score: map.get("score").and_then(Value::as_f64),
            parts: parts.filter_map(|(name, it)| Some((name.clone(), it.as_f64()?))).collect(),
            evidence: text("evidence")?,
            attack: attack.filter_map(Value::as_str).map(str::to_owned).collect(),
            author: map.get("author").and_then(Value::as_str).map(str::to_owned),
            entity: entity_of(&map),
        })
    }
}

fn entity_of(map: &Map<String, Value>) -> Vec<(String, Value)> {
    let members = map.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn finding() -> Finding {
        let entity = vec![
            ("client_ip".to_owned(), Value::from("10.1.2.3")),
            ("port".to_owned(), Value::from(4444)),
        ];
        let day: Day = "2026-11-20".parse().unwrap();
        Finding {
            id: Finding::id_of("connect-port", &entity, day),
            hunt: "connect-port".into(),
            level: Level::High,
            title: "Tunnel to an unusual port".into(),
            why: "12 tunnels to port 4444".into(),
            day,
            entity,
            first: 1_795_132_800_000_000,
            last: 1_795_132_801_500_000,
            count: 12,
            score: Some(0.5),
            parts: vec![("rarity".into(), 0.25)],
            evidence: "SELECT * FROM requests".into(),
            attack: vec!["T1571".into()],
            author: None,
        }
    }

    #[test]
    fn its_json_is_flat_and_comes_back() {
        let before = finding();
        let json = serde_json::to_value(&before).unwrap();
        assert_eq!(json["client_ip"], "10.1.2.3");
        assert_eq!(json["port"], 4444);
        assert_eq!(json["first"], "2026-11-20T00:00:00Z");
        assert_eq!(json["last"], "2026-11-20T00:00:01.500Z");
        assert_eq!(serde_json::from_value::<Finding>(json).unwrap(), before);
    }

    #[test]
    fn the_id_follows_from_hunt_entity_and_day_alone() {
        let one = finding();
        let mut entity = one.entity.clone();
        entity.reverse();
        assert_eq!(Finding::id_of(&one.hunt, &entity, one.day), one.id);
        assert_ne!(Finding::id_of("other", &entity, one.day), one.id);
        entity.pop();
        assert_ne!(Finding::id_of(&one.hunt, &entity, one.day), one.id);
        assert_eq!(one.id.len(), 16);
    }

    #[test]
    fn levels_are_ordered_and_named() {
        assert!(Level::Critical > Level::High && Level::Low > Level::Informational);
        for level in Level::ALL {
            assert_eq!(Level::parse(&level.name().to_uppercase()), Some(level));
        }
        assert_eq!(Level::parse("info"), Some(Level::Informational));
        assert_eq!(Level::parse("severe"), None);
    }
}
