//! Which formats do the lines of a source have? One for all, or several in turn, each perhaps in an envelope of its own.

use std::sync::Arc;

use storage::clock::Micros;
use storage::extent::LineEnd;

use super::{CLAIM, Candidate, Detected, decide};
use crate::format::own::Own;
use crate::format::{Envelope, FORMATS, Mixed, Parser};
use crate::report::FormatChoice;

/// Most formats in one source.
const CLASSES_MAX: usize = 4;

/// Lines that a format of a part of the source must read.
const LINES_MIN: usize = 3;

/// A source of which this share is read needs no further format.
const ENOUGH: f64 = 0.98;

/// A share of lines below this is no class: a few odd lines may look like anything.
const CLASS_MIN: f64 = 0.02;

/// What is known of a sample besides its lines.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) line_end: LineEnd,
    pub(super) own: &'a [Own],
    pub(super) ingest_us: Micros,
}

/// Finds the formats of some lines.
pub(super) fn detect(lines: &[&[u8]], facts: Facts<'_>) -> Detected {
    let first = detect_one(lines, facts);
    let (parser, choice) = match &first {
        Detected::Format(parser, choice) => (Arc::clone(parser), choice.clone()),
        Detected::Unknown(_) | Detected::Ambiguous(_) => match part(lines, facts) {
            Some(found) => found,
            None => return first,
        },
    };
    let mut classes = vec![parser];
    let mut rest = unread(lines, &classes);
    while classes.len() < CLASSES_MAX && is_class(&rest, lines) {
        let found = match detect_one(&rest, facts) {
            Detected::Format(parser, _) => Some(parser),
            Detected::Unknown(_) | Detected::Ambiguous(_) => part(&rest, facts).map(|part| part.0),
        };
        let Some(parser) = found else { break };
        let left = unread(&rest, std::slice::from_ref(&parser));
        let read: Vec<&[u8]> = lines.iter().filter(|line| !rest.contains(line)).copied().collect();
        // A format that reads the lines of the others, too, is only the more general one.
        let alike = unread(&read, std::slice::from_ref(&parser)).len() * 2 < read.len();
        if alike || rest.len() - left.len() < LINES_MIN {
            break;
        }
        classes.push(parser);
        rest = left;
    }
    let fit = (lines.len() - rest.len()) as f64 / lines.len().max(1) as f64;
    if classes.len() < 2 || fit < CLAIM {
        return first;
    }
    let parser = Mixed::new(classes);
    let id = Parser::id(&parser).to_owned();
    let note = Some("lines of several formats; each is read by its own".to_owned());
    let choice = FormatChoice { id, score: Some(fit), runner_up: choice.runner_up, note };
    Detected::Format(Arc::new(parser), choice)
}

/// The format of the lines that no other can be told from: each line's neighbours are asked, until some of them agree.
fn part(lines: &[&[u8]], facts: Facts<'_>) -> Option<(Arc<dyn Parser>, FormatChoice)> {
    // Lines of one kind begin alike, perhaps behind a header; the most frequent kind that is known makes a part.
    let envelope = Envelope::of(lines);
    let kinds = lines.iter().map(|line| match envelope.as_ref().and_then(|e| e.strip(line)) {
        Some((inner, _)) => kind(&inner),
        None => kind(line),
    });
    let kinds: Vec<Vec<u8>> = kinds.collect();
    let mut counts: Vec<(&Vec<u8>, usize)> = Vec::new();
    for kind in &kinds {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let known = counts.into_iter().filter(|(_, count)| (LINES_MIN..lines.len()).contains(count));
    known.take(KINDS_MAX).find_map(|(kind, _)| {
        let same = lines.iter().zip(&kinds).filter(|(_, found)| *found == kind);
        match detect_one(&same.map(|(line, _)| *line).collect::<Vec<_>>(), facts) {
            Detected::Format(parser, choice) => Some((parser, choice)),
            Detected::Unknown(_) | Detected::Ambiguous(_) => None,
        }
    })
}

/// How a line begins: its first bytes, letters and digits alike.
fn kind(line: &[u8]) -> Vec<u8> {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => *other,
    };
    line.iter().take(KIND_BYTES).map(class).collect()
}

/// Kinds of lines that are tried.
const KINDS_MAX: usize = 6;

/// Bytes by which kinds of lines are told apart.
const KIND_BYTES: usize = 4;

fn is_class(rest: &[&[u8]], lines: &[&[u8]]) -> bool {
    let share = rest.len() as f64 / lines.len().max(1) as f64;
    rest.len() >= LINES_MIN && share >= CLASS_MIN.max(1.0 - ENOUGH)
}

/// The lines that none of these formats reads; headers are no such lines.
fn unread<'a>(lines: &[&'a [u8]], classes: &[Arc<dyn Parser>]) -> Vec<&'a [u8]> {
    let reads = |line: &&&[u8]| {
        line.first() == Some(&b'#')
            || classes.iter().any(|parser| parser.score(std::slice::from_ref(*line)).fit > 0.0)
    };
    lines.iter().filter(|line| !reads(line)).copied().collect()
}

/// Finds the one format of some lines, in an envelope or without.
fn detect_one(lines: &[&[u8]], facts: Facts<'_>) -> Detected {
    let bare = decide(lines, candidates(lines, facts), facts);
    let Some(envelope) = Envelope::of(lines) else { return bare };
    let stripped: Vec<_> = lines.iter().filter_map(|line| envelope.strip(line)).collect();
    let inner: Vec<&[u8]> = stripped.iter().map(|(line, _)| line.as_slice()).collect();
    let times: Vec<&[u8]> = stripped.iter().filter_map(|(_, time)| time.as_deref()).collect();
    let within = FORMATS.iter().filter(|format| !format.by_name_only()).filter_map(|format| {
        Some((format.id().to_owned(), Arc::from(format.learn_within(&inner, &times)?)))
    });
    let within = within.chain(own(&inner, &times, facts));
    let within = decide(&inner, within.collect(), facts);
    let share = inner.len() as f64 / lines.len() as f64;
    let Detected::Format(parser, mut choice) = within else { return bare };
    let fit = choice.score.unwrap_or_default() * share;
    if matches!(&bare, Detected::Format(_, bare) if bare.score.unwrap_or_default() >= fit) {
        return bare;
    }
    let Some(parser) = parser.enveloped(&envelope) else { return bare };
    choice.score = Some(fit);
    let note = match &envelope.member {
        Some(member) => format!("its lines are the member `{member}` of JSON objects"),
        None => "its lines stand behind syslog headers".to_owned(),
    };
    choice.note = Some(choice.note.map_or(note.clone(), |more| format!("{note}; {more}")));
    Detected::Format(Arc::from(parser), choice)
}

fn candidates(lines: &[&[u8]], facts: Facts<'_>) -> Vec<Candidate> {
    let built_in = FORMATS
        .iter()
        .filter(|format| !format.by_name_only())
        .filter_map(|format| Some((format.id().to_owned(), Arc::from(format.learn(lines)?))));
    built_in.chain(own(lines, &[], facts)).collect()
}

/// What the user's formats make of some lines.
fn own<'a>(
    lines: &'a [&[u8]],
    times: &'a [&[u8]],
    facts: Facts<'a>,
) -> impl Iterator<Item = Candidate> + 'a {
    let learned = move |own: &Own| Some((own.name().to_owned(), own.learn_within(lines, times)?));
    facts.own.iter().filter_map(learned)
}

/// Makes a parser from lines, and from the times of the envelopes they were taken out of.
pub(crate) type Learn<'a> = &'a dyn Fn(&[&[u8]], &[&[u8]]) -> Option<Arc<dyn Parser>>;

/// The parser of a format that was named, for these lines: in an envelope if it reads more of them so. `learn` makes it from
/// lines, and from the times of their envelopes.
pub(crate) fn named(lines: &[&[u8]], learn: Learn<'_>) -> Option<Arc<dyn Parser>> {
    let bare = learn(lines, &[]);
    let fit = |parser: &Option<Arc<dyn Parser>>, lines: &[&[u8]]| {
        parser.as_ref().map_or(0.0, |parser| parser.score(lines).fit)
    };
    let Some(envelope) = Envelope::of(lines) else { return bare };
    let stripped: Vec<_> = lines.iter().filter_map(|line| envelope.strip(line)).collect();
    let inner: Vec<&[u8]> = stripped.iter().map(|(line, _)| line.as_slice()).collect();
    let times: Vec<&[u8]> = stripped.iter().filter_map(|(_, time)| time.as_deref()).collect();
    let within = learn(&inner, &times);
    let share = inner.len() as f64 / lines.len() as f64;
    if fit(&within, &inner) * share <= fit(&bare, lines) {
        return bare;
    }
    within.and_then(|parser| parser.enveloped(&envelope).map(Arc::from)).or(bare)
}
