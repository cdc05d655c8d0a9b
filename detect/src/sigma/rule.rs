//! What is a rule? Its title, author and the like, the kind of log it is for, and the tree of what it asks.

use super::tree::Tree;
use super::yaml::{Entry, Node, Value, shown};
use super::{LogKind, Options, Refusal, condition, modifier};
use crate::finding::Level;

/// Categories of logs whose events are rows of `requests`.
const CATEGORIES: [&str; 2] = ["proxy", "webserver"];
/// Lists within lists of a selection.
const DEEPEST: usize = 16;
/// The level of a rule that has none.
const LEVEL: Level = Level::Low;

/// What rules say about themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The line it begins at.
    pub line: u64,
    /// The file it came from.
    pub file: String,
    /// Its id; where it has none, its name, or what its title makes.
    pub id: String,
    /// The name by which correlations call it.
    pub name: Option<String>,
    /// Its title.
    pub title: String,
    /// How much a hit matters; low if it does not say.
    pub level: Level,
    /// Who wrote it; the licence of most rules wants that shown.
    pub author: Option<String>,
    /// What it finds.
    pub description: Option<String>,
    /// Its licence, if it names one.
    pub license: Option<String>,
    /// How far it is proven: stable, test, experimental.
    pub status: Option<String>,
    /// Tags as written.
    pub tags: Vec<String>,
    /// The techniques of ATT&CK among them.
    pub attack: Vec<String>,
    /// Pages about it.
    pub references: Vec<String>,
    /// What else may look like it.
    pub false_positives: Vec<String>,
}

impl About {
    /// The id under which findings name it.
    pub fn hunt(&self) -> String {
        format!("sigma:{}", self.id)
    }

    /// The author, also where there is none.
    pub fn author(&self) -> String {
        self.author.clone().unwrap_or_else(|| "not named in the rule".to_owned())
    }

    pub(super) fn read(node: &Node, file: &str) -> Result<Self, Refusal> {
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::trim);
        let owned = |key: &str| text(key).filter(|it| !it.is_empty()).map(str::to_owned);
        let list = |key: &str| -> Vec<String> {
            node.get(key)
                .map_or(vec![], |node| node.texts().into_iter().map(str::to_owned).collect())
        };
        let title =
            owned("title").ok_or_else(|| Refusal::new(node.line, "the rule has no title"))?;
        let level = match node.get("level") {
            None => LEVEL,
            Some(level) => level.text().and_then(Level::parse).ok_or_else(|| {
                let given = shown(level.text().unwrap_or(level.kind()));
                Refusal::new(level.line, format!("`{given}` is no level"))
            })?,
        };
        let tags = list("tags");
        let authors = list("author").join(", ");
        Ok(Self {
            line: node.line,
            file: file.to_owned(),
            id: owned("id").or_else(|| owned("name")).unwrap_or_else(|| slug(&title)),
            name: owned("name"),
            level,
            author: Some(authors.trim().to_owned()).filter(|authors| !authors.is_empty()),
            description: owned("description"),
            license: owned("license"),
            status: owned("status"),
            attack: tags.iter().filter_map(|tag| technique(tag)).collect(),
            tags,
            references: list("references"),
            false_positives: list("falsepositives"),
            title,
        })
    }
}

/// `attack.t1071.001` is technique T1071.001.
fn technique(tag: &str) -> Option<String> {
    let tag = tag.trim().to_ascii_lowercase();
    let number = tag.strip_prefix("attack.t")?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    number.split('.').all(is_number).then(|| format!("T{number}"))
}

fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().take(200) {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// For which logs a rule is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSource {
    /// `proxy`, `webserver`.
    pub category: Option<String>,
    /// Whose log.
    pub product: Option<String>,
    /// Which of them.
    pub service: Option<String>,
}

impl LogSource {
    pub(super) fn read(node: &Node) -> Result<Self, Refusal> {
        let source = node
            .get("logsource")
            .ok_or_else(|| Refusal::new(node.line, "the rule has no `logsource`"))?;
        if !matches!(source.value, Value::Map(_)) {
            return Err(Refusal::new(source.line, format!("{} as `logsource`", source.kind())));
        }
        let text = |key| source.get(key).and_then(Node::text).map(str::to_ascii_lowercase);
        Ok(Self { category: text("category"), product: text("product"), service: text("service") })
    }

    fn check(&self, line: u64) -> Result<(), Refusal> {
        if self.category.as_deref().is_some_and(|category| CATEGORIES.contains(&category)) {
            return Ok(());
        }
        let named = [&self.category, &self.product, &self.service];
        let named: Vec<_> = named.into_iter().flatten().map(|word| shown(word)).collect();
        let why = format!(
            "a rule for logs of another kind ({}); requests are `category: proxy` or `webserver`",
            named.join(", ")
        );
        Err(Refusal::new(line, why))
    }

    /// Whether what is written for `self` also applies to rules for `other`.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let covers =
            |mine: &Option<String>, other: &Option<String>| mine.is_none() || mine == other;
        covers(&self.category, &other.category)
            && covers(&self.product, &other.product)
            && covers(&self.service, &other.service)
    }

    /// The kind of log.
    pub fn kind(&self) -> LogKind {
        match self.category.as_deref() {
            Some("webserver") => LogKind::Webserver,
            _ => LogKind::Proxy,
        }
    }
}

/// A rule about single events.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it says about itself.
    pub about: About,
    /// For which logs it is.
    pub source: LogSource,
    /// What it asks.
    pub tree: Tree,
}

impl Rule {
    /// Reads the document of a rule.
    pub fn read(node: &Node, file: &str, options: &Options) -> Result<Self, Refusal> {
        let about = About::read(node, file)?;
        let source = LogSource::read(node)?;
        source.check(node.get("logsource").map_or(node.line, |it| it.line))?;
        let detection = node
            .get("detection")
            .ok_or_else(|| Refusal::new(node.line, "the rule has no `detection`"))?;
        let tree = detection_tree(detection, options)?;
        Ok(Self { about, source, tree })
    }
}

/// Keys of `detection` that are no selections.
const NO_SELECTIONS: [&str; 3] = ["condition", "timeframe", "rules"];

/// What the selections of a `detection` (or a `filter`) and its condition ask for.
pub(super) fn detection_tree(detection: &Node, options: &Options) -> Result<Tree, Refusal> {
    if !matches!(detection.value, Value::Map(_)) {
        let why = format!("{} as `detection`", detection.kind());
        return Err(Refusal::new(detection.line, why));
    }
    let mut selections = Vec::new();
    for entry in detection.entries() {
        if !NO_SELECTIONS.contains(&entry.key.as_str()) {
            let tree = selection(&entry.node, entry.line, options, 0)?;
            selections.push((entry.key.clone(), tree));
        }
    }
    let conditions = detection
        .get("condition")
        .ok_or_else(|| Refusal::new(detection.line, "`detection` has no `condition`"))?;
    let nodes: Vec<&Node> = match &conditions.value {
        Value::List(nodes) => nodes.iter().collect(),
        _ => vec![conditions],
    };
    let mut trees = Vec::new();
    for node in nodes {
        let Value::Text(text) = &node.value else {
            return Err(Refusal::new(node.line, format!("{} as `condition`", node.kind())));
        };
        trees.push(condition::parse(text, node.line, &selections)?);
    }
    match trees.is_empty() {
        true => Err(Refusal::new(conditions.line, "`condition` is empty")),
        false => Ok(Tree::any(trees)),
    }
}

/// A selection: a map (all of its entries), a list (one of its elements), or a keyword.
fn selection(node: &Node, line: u64, options: &Options, depth: usize) -> Result<Tree, Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::new(node.line, "lists lie too deep in each other"));
    }
    match &node.value {
        Value::Map(entries) if entries.is_empty() => Err(Refusal::new(line, "an empty selection")),
        Value::Map(entries) => {
            let item = |entry: &Entry| match entry.node.value {
                Value::Map(_) => Err(Refusal::new(entry.node.line, "a map where a value belongs")),
                _ => modifier::item(&entry.key, entry.line, &entry.node, options),
            };
            Ok(Tree::all(entries.iter().map(item).collect::<Result<_, _>>()?))
        }
        Value::List(nodes) if nodes.is_empty() => Err(Refusal::new(line, "an empty selection")),
        Value::List(nodes) => {
            let one = |node: &Node| selection(node, node.line, options, depth + 1);
            Ok(Tree::any(nodes.iter().map(one).collect::<Result<_, _>>()?))
        }
        Value::Null => Err(Refusal::new(line, "an empty selection")),
        _ => modifier::keyword(node, options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::yaml::documents;

    fn rule(text: &str) -> Result<Rule, Refusal> {
        let (documents, wrong) = documents(text);
        assert_eq!(wrong, None);
        Rule::read(&documents[0], "a.yml", &Options::default())
    }

    const HEAD: &str = "title: A rule, made up\nlogsource: {category: proxy}\n";

    #[test]
    fn a_rule_tells_about_itself() {
        let text = "id: 0000-1\nlevel: HIGH\nauthor: A. Nonymous\ntags: [attack.t1071.001, attack.discovery, \
             cve.2026-1]\nreferences: https://rules.example/1\nfalsepositives: [Some, Others]\n\
             detection:\n  a:\n    cs-host: x.example\n  condition: a\n";
        let about = rule(&format!("{HEAD}{text}")).unwrap().about;
        assert_eq!(about.hunt(), "sigma:0000-1");
        assert_eq!((about.level, about.author()), (Level::High, "A. Nonymous".into()));
        assert_eq!(about.attack, ["T1071.001"]);
        assert_eq!(about.references, ["https://rules.example/1"]);
        let about = rule(&format!("{HEAD}detection: {{a: [x], condition: a}}")).unwrap().about;
        assert_eq!((about.id.as_str(), about.level), ("a-rule-made-up", Level::Low));
    }

    #[test]
    fn what_makes_no_rule_is_refused_with_its_line() {
        for (text, line, word) in [
            ("a: 1", 1, "title"),
            ("title: x", 1, "logsource"),
            ("title: x\nlogsource: {category: process_creation}", 2, "another kind"),
            ("title: x\nlogsource: proxy", 2, "text as `logsource`"),
            ("title: x\nlogsource: {category: proxy}\nlevel: huge", 3, "level"),
            ("title: x\nlogsource: {category: proxy}", 1, "detection"),
            ("title: x\nlogsource: {category: proxy}\ndetection:\n  a: [b]", 4, "condition"),
            (
                "title: x\nlogsource: {category: proxy}\ndetection:\n  a: {}\n  condition: a",
                4,
                "empty",
            ),
            (
                "title: x\nlogsource: {category: proxy}\ndetection:\n  a:\n    b: {c: d}\n  condition: a",
                5,
                "map",
            ),
            (
                "title: x\nlogsource: {category: proxy}\ndetection:\n  a:\n    b|frob: c\n  condition: a",
                5,
                "frob",
            ),
            (
                "title: x\nlogsource: {category: proxy}\ndetection:\n  a: [b]\n  condition:\n    - a\n    - c",
                7,
                "`c`",
            ),
        ] {
            let refusal = rule(text).unwrap_err();
            assert!(refusal.why.contains(word) && refusal.line == line, "{text}: {refusal}");
        }
    }
}
