//! What do files of rules give together? Rules with the filters that apply to them, correlations with the rules they
//! call, and what is refused, with its line.

use std::collections::HashMap;

use super::bind::Bound;
use super::correlation::{Correlation, Filter};
use super::fields::{Operand, operands};
use super::rule::{About, Rule};
use super::tree::{Test, Tree};
use super::yaml::{self, Node};
use super::{Options, Refusal};

/// A document that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub file: String,
    /// Its id, where it says one.
    pub id: Option<String>,
    /// Its title, where it says one.
    pub title: Option<String>,
    /// Why, and at which line.
    pub refusal: Refusal,
}

/// A rule that can run.
#[derive(Debug, Clone)]
pub struct Ready {
    /// What it says about itself.
    pub about: About,
    /// What it asks of the columns.
    pub bound: Bound,
    /// The fields it names, with what they mean.
    pub fields: Vec<(String, Vec<Operand>)>,
    /// Whether it asks for keywords.
    pub keywords: bool,
    /// Whether it is told alone, or only serves a correlation.
    pub alone: bool,
}

/// A correlation whose rules are known.
#[derive(Debug, Clone)]
pub struct Correlated {
    /// The correlation.
    pub correlation: Correlation,
    /// Its rules, by their place in [`Set::rules`].
    pub rules: Vec<usize>,
    /// For each of them what the fields of `group-by` mean.
    pub groups: Vec<Vec<Operand>>,
    /// For each of them what is counted.
    pub values: Vec<Option<Operand>>,
}

/// All that a number of files give.
#[derive(Debug, Default)]
pub struct Set {
    /// Rules, in the order of files.
    pub rules: Vec<Ready>,
    /// Correlations.
    pub correlations: Vec<Correlated>,
    /// What is not taken.
    pub refused: Vec<Refused>,
}

enum Document {
    Rule(Rule),
    Correlation(Correlation),
    Filter(Filter),
}

#[derive(Default)]
struct Reading {
    rules: Vec<Rule>,
    correlations: Vec<Correlation>,
    filters: Vec<Filter>,
    refused: Vec<Refused>,
    /// Where each id stands.
    ids: HashMap<String, String>,
}

impl Reading {
    fn take(&mut self, file: &str, text: &str, options: &Options) {
        let (documents, wrong) = yaml::documents(text);
        let nothing = documents.is_empty() && wrong.is_none();
        for node in &documents {
            match self.document(file, node, options) {
                Ok(Document::Rule(rule)) => self.rules.push(rule),
                Ok(Document::Correlation(correlation)) => self.correlations.push(correlation),
                Ok(Document::Filter(filter)) => self.filters.push(filter),
                Err(refusal) => {
                    let text = |key| node.get(key).and_then(Node::text).map(str::to_owned);
                    let (id, title) = (text("id"), text("title"));
                    self.refused.push(Refused { file: file.to_owned(), id, title, refusal });
                }
            }
        }
        let empty = nothing.then(|| Refusal::new(1, "there is no rule in the file"));
        if let Some(refusal) = wrong.or(empty) {
            self.refused.push(Refused { file: file.to_owned(), id: None, title: None, refusal });
        }
    }

    fn document(
        &mut self,
        file: &str,
        node: &Node,
        options: &Options,
    ) -> Result<Document, Refusal> {
        if let Some(action) = node.get("action") {
            let why = "`action` joins documents, which the specification no longer has; write each rule in full";
            return Err(Refusal::new(action.line, why));
        }
        let document = if node.get("correlation").is_some() {
            Document::Correlation(Correlation::read(node, file)?)
        } else if node.get("filter").is_some() {
            Document::Filter(Filter::read(node, file, options)?)
        } else {
            Document::Rule(Rule::read(node, file, options)?)
        };
        let about = match &document {
            Document::Rule(rule) => &rule.about,
            Document::Correlation(correlation) => &correlation.about,
            Document::Filter(_) => return Ok(document),
        };
        if let Some(other) = self.ids.get(&about.id) {
            let why =
                format!("the id `{}` is already that of a rule in {other}", yaml::shown(&about.id));
            return Err(Refusal::new(about.line, why));
        }
        self.ids.insert(about.id.clone(), file.to_owned());
        Ok(document)
    }

    fn finish(mut self) -> Set {
        for filter in &self.filters {
            let applies = |rule: &&mut Rule| {
                filter.source.covers(&rule.source)
                    && filter
                        .rules
                        .as_ref()
                        .is_none_or(|names| names.iter().any(|name| calls(name, &rule.about)))
            };
            let mut applied = 0;
            for rule in self.rules.iter_mut().filter(applies) {
                let tree = std::mem::replace(&mut rule.tree, Tree::Or(vec![]));
                rule.tree = Tree::And(vec![tree, filter.tree.clone()]);
                applied += 1;
            }
            if applied == 0 {
                let why = "the filter is for no rule that is here";
                self.refused.push(refused(&filter.about, Refusal::new(filter.about.line, why)));
            }
        }
        let mut set = Set { refused: self.refused, ..Set::default() };
        for rule in self.rules {
            match ready(rule) {
                Ok(rule) => set.rules.push(rule),
                Err(refused) => set.refused.push(*refused),
            }
        }
        for correlation in self.correlations {
            match correlated(&correlation, &set.rules) {
                Ok(correlated) => set.correlations.push(correlated),
                Err(refusal) => set.refused.push(refused(&correlation.about, refusal)),
            }
        }
        for correlated in &set.correlations {
            for rule in &correlated.rules {
                set.rules[*rule].alone &= correlated.correlation.generate;
            }
        }
        set
    }
}

fn refused(about: &About, refusal: Refusal) -> Refused {
    let (id, title) = (Some(about.id.clone()), Some(about.title.clone()));
    Refused { file: about.file.clone(), id, title, refusal }
}

fn calls(name: &str, about: &About) -> bool {
    about.id == name || about.name.as_deref() == Some(name)
}

fn ready(rule: Rule) -> Result<Ready, Box<Refused>> {
    let bound = Bound::of(&rule.tree, rule.source.kind());
    let bound = bound.map_err(|refusal| Box::new(refused(&rule.about, refusal)))?;
    let mut fields: Vec<(String, Vec<Operand>)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let mut keywords = false;
    rule.tree.for_each(&mut |field, _, test| {
        let mut name = |name: &str| {
            if known.insert(name.to_owned()) {
                fields.push((name.to_owned(), operands(name)));
            }
        };
        match field {
            Some(field) => name(field),
            None => keywords = true,
        }
        if let Test::Field { name: other, .. } = test {
            name(other);
        }
    });
    Ok(Ready { about: rule.about, bound, fields, keywords, alone: true })
}

fn correlated(correlation: &Correlation, rules: &[Ready]) -> Result<Correlated, Refusal> {
    let mut found = Vec::new();
    for name in &correlation.rules {
        let place = rules.iter().position(|rule| calls(name, &rule.about)).ok_or_else(|| {
            let name = yaml::shown(name);
            let why = format!("`{name}` is no rule about single events that is here and can run");
            Refusal::new(correlation.rules_line, why)
        })?;
        found.push(place);
    }
    let operand = |rule: &usize, field: &str| {
        let about = &rules[*rule].about;
        let names: Vec<&str> =
            about.name.as_deref().into_iter().chain([about.id.as_str()]).collect();
        correlation.operand(field, &names)
    };
    let groups = |rule| correlation.group.iter().map(|field| operand(rule, field)).collect();
    let value = |rule| correlation.field.as_deref().map(|field| operand(rule, field));
    let (groups, values) = (found.iter().map(groups).collect(), found.iter().map(value).collect());
    Ok(Correlated { correlation: correlation.clone(), rules: found, groups, values })
}

impl Set {
    /// Reads files, given as name and bytes.
    pub fn read<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>, options: &Options) -> Self {
        let mut reading = Reading::default();
        for (name, bytes) in files {
            match std::str::from_utf8(bytes) {
                Ok(text) => reading.take(name, text, options),
                Err(error) => {
                    let good = &bytes[..error.valid_up_to()];
                    let line = good.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
                    let refusal = Refusal::new(line, "the file is no UTF-8");
                    let file = name.to_owned();
                    reading.refused.push(Refused { file, id: None, title: None, refusal });
                }
            }
        }
        reading.finish()
    }
}

#[cfg(test)]
mod tests;
