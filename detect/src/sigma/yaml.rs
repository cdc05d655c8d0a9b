//! How does the text of a rule become nodes that know their line? YAML as rules use it, with limits against hostile text.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Refusal;

/// The longest file that is read.
pub const LONGEST: usize = 4 << 20;
/// How deep lists and maps may lie in each other.
const DEEPEST: usize = 32;
/// How many nodes a file may have, those that aliases repeat counted each time.
const NODES_MAX: usize = 200_000;
/// How much text aliases may repeat.
const REPEATED_MAX: usize = 16 << 20;

/// A node, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line, from 1.
    pub line: u64,
    /// What it holds.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A plain number, as written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file; keys differ.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// The line of the key.
    pub line: u64,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries, if this is a map.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Text, a number or a truth value as text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The texts of a list, or the one text that stands in its place.
    pub fn texts(&self) -> Vec<&str> {
        match &self.value {
            Value::List(nodes) => nodes.iter().filter_map(Node::text).collect(),
            _ => self.text().into_iter().collect(),
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// How many nodes, and how much text.
    fn size(&self) -> (usize, usize) {
        let add = |(nodes, bytes): (usize, usize), node: &Node| {
            let (more, text) = node.size();
            (nodes + more, bytes + text)
        };
        match &self.value {
            Value::Text(text) | Value::Number(text) => (1, text.len()),
            Value::List(nodes) => nodes.iter().fold((1, 0), add),
            Value::Map(entries) => entries.iter().fold((1, 0), |(nodes, bytes), entry| {
                add((nodes, bytes + entry.key.len()), &entry.node)
            }),
            Value::Null | Value::Bool(_) => (1, 0),
        }
    }
}

/// The documents of a file that hold something. The first mistake refuses what follows it: documents before it are given back.
pub fn documents(text: &str) -> (Vec<Node>, Option<Refusal>) {
    if text.len() > LONGEST {
        let why = format!("the file has {} bytes; rules have at most {LONGEST}", text.len());
        return (vec![], Some(Refusal::new(1, why)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let taken = match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => builder.take(event, span.start.line() as u64),
            Err(error) => {
                let line = error.marker().line() as u64;
                Err(Refusal::new(line, format!("this is no YAML: {}", error.info())))
            }
        };
        if let Err(refusal) = taken {
            return (builder.documents, Some(refusal));
        }
    }
    (builder.documents, None)
}

/// A list or a map that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, u64)>,
    keys: HashSet<String>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    repeated: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: u64) -> Result<(), Refusal> {
        match event {
            Event::DocumentEnd => {
                self.anchors.clear();
                let root = self.root.take().filter(|root| root.value != Value::Null);
                self.documents.extend(root);
                Ok(())
            }
            Event::SequenceStart(anchor, _) => self.begin(Value::List(vec![]), anchor, line),
            Event::MappingStart(anchor, _) => self.begin(Value::Map(vec![]), anchor, line),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                if open.anchor > 0 {
                    self.anchors.insert(open.anchor, open.node.clone());
                }
                self.add(open.node)
            }
            Event::Scalar(text, style, anchor, _) => {
                let node = Node { line, value: scalar(&text, style) };
                if anchor > 0 {
                    self.anchors.insert(anchor, node.clone());
                }
                self.add(node)
            }
            Event::Alias(id) => self.alias(id, line),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, value: Value, anchor: usize, line: u64) -> Result<(), Refusal> {
        if self.open.len() >= DEEPEST {
            let why = format!("lists and maps lie more than {DEEPEST} deep in each other");
            return Err(Refusal::new(line, why));
        }
        let node = Node { line, value };
        self.open.push(Open { node, anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    fn alias(&mut self, id: usize, line: u64) -> Result<(), Refusal> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Refusal::new(line, "an alias of something that is not complete"));
        };
        let (nodes, bytes) = node.size();
        self.nodes += nodes;
        self.repeated += bytes;
        if self.nodes > NODES_MAX || self.repeated > REPEATED_MAX {
            return Err(Refusal::new(line, "aliases repeat more than any rule needs"));
        }
        let node = Node { line, value: node.value.clone() };
        self.add(node)
    }

    fn add(&mut self, node: Node) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Refusal::new(node.line, format!("more than {NODES_MAX} values")));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.value {
            Value::List(nodes) => nodes.push(node),
            Value::Map(entries) => match open.key.take() {
                Some((key, line)) => entries.push(Entry { key, line, node }),
                None => {
                    let key = match node.value {
                        Value::Null => String::new(),
                        _ => node.text().map(str::to_owned).ok_or_else(|| {
                            Refusal::new(node.line, format!("{} as a key", node.kind()))
                        })?,
                    };
                    if !open.keys.insert(key.clone()) {
                        let why = format!("the key `{}` stands here twice", shown(&key));
                        return Err(Refusal::new(node.line, why));
                    }
                    open.key = Some((key, node.line));
                }
            },
            _ => {}
        }
        Ok(())
    }
}

/// At most so much of a text that it fits in a message.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// Whole numbers and decimal fractions; what else YAML takes for a number is text in rules.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines() {
        let (documents, wrong) =
            documents("title: a\nlist:\n  - 1\n  - '2'\n  - null\n---\n---\nb: yes\n");
        assert_eq!(wrong, None);
        assert_eq!(documents.len(), 2);
        let list = documents[0].get("list").unwrap();
        let Value::List(items) = &list.value else { panic!("{list:?}") };
        assert_eq!(items[0], Node { line: 3, value: Value::Number("1".into()) });
        assert_eq!(items[1], Node { line: 4, value: Value::Text("2".into()) });
        assert_eq!(items[2], Node { line: 5, value: Value::Null });
        assert_eq!(documents[1].get("b").unwrap().text(), Some("yes"));
    }

    #[test]
    fn hostile_text_is_refused() {
        let deep = format!("a: {}1", "[".repeat(100_000));
        let deeper = (0..2_000).fold(String::new(), |text, at| text + &" ".repeat(at) + "a:\n");
        let many = format!("a: [{}]", "1,".repeat(NODES_MAX + 1));
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for at in 1..12 {
            let inner = format!("*a{},", at - 1).repeat(10);
            bomb += &format!("a{at}: &a{at} [{inner}]\n");
        }
        let long = format!("a: {}", "x".repeat(LONGEST));
        let big = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), "*a,".repeat(100));
        for (text, word) in [
            (deep.as_str(), "recursion limit"),
            (&deeper, "deep"),
            (&many, "more than"),
            (&bomb, "aliases"),
            (&big, "aliases"),
            (&long, "bytes"),
            ("a: 1\na: 2", "twice"),
            ("a: &b [*b]", "alias"),
            ("? [1]\n: 2", "key"),
            ("a: 'x", "no YAML"),
            ("a: [1, 2", "no YAML"),
            ("a: \"\\q\"", "no YAML"),
        ] {
            let (_, wrong) = documents(text);
            let wrong = wrong.unwrap();
            assert!(wrong.why.contains(word), "{word}: {wrong:?}");
        }
    }

    #[test]
    fn what_was_whole_before_a_mistake_is_kept() {
        let (documents, wrong) = documents("a: 1\n---\nb: [\n");
        assert_eq!(documents.len(), 1);
        assert!(wrong.unwrap().line >= 3);
    }
}
