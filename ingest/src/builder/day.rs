//! What the rows of one day are until their row group is full: ids of words, numbers, times.

use std::collections::HashMap;

use storage::day::Day;
use storage::observable::url;
use storage::schema::{Col, ColumnType};
use storage::segment::{Coded, ColumnData, Dictionary, NULL_CODE, RowGroup};

use crate::intern::key::{KeyColumn, NULL_INT, PARTIAL, Values};
use crate::intern::{Interner, NONE};
use crate::lexer::layout::{Layout, Word, WordKind, claims};
use crate::lexer::verdict::{FACTS, Facts};
use crate::time::Quality;

/// The bits of a row's flags that hold its [`Quality`].
pub(crate) const QUALITY: u8 = 0b11;

/// The values of one word, a row each.
#[derive(Debug, Default, Clone)]
pub(crate) struct WordRows {
    /// Ids of texts, for keys.
    pub(crate) ids: Vec<u32>,
    /// Numbers, for numeric words.
    pub(crate) ints: Vec<i64>,
}

/// Rows, column by column.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rows {
    /// Times.
    pub(crate) ts: Vec<i64>,
    /// Line numbers.
    pub(crate) line_no: Vec<i64>,
    /// Quality, partial, raw.
    pub(crate) flags: Vec<u8>,
    /// The words.
    pub(crate) words: Vec<WordRows>,
    /// Exact lines of the rows that need them.
    pub(crate) raw: Vec<(u32, Vec<u8>)>,
    /// Further members of `extra`, in the order of rows.
    pub(crate) members: Vec<(u32, u32)>,
    /// Bytes of `raw`.
    pub(crate) raw_bytes: usize,
}

impl Rows {
    /// No rows of a format with `words` words.
    pub(crate) fn new(words: usize) -> Self {
        Self { words: vec![WordRows::default(); words], ..Self::default() }
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.ts.len()
    }

    /// About how many bytes they occupy.
    pub(crate) fn num_bytes(&self) -> usize {
        let fixed = 17 + self.words.len() * 5;
        self.len() * fixed + self.raw.len() * 32 + self.raw_bytes + self.members.len() * 8
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.ts.clear();
        self.line_no.clear();
        self.flags.clear();
        for word in &mut self.words {
            word.ids.clear();
            word.ints.clear();
        }
        self.raw.clear();
        self.members.clear();
        self.raw_bytes = 0;
    }

    /// Appends all rows of a block.
    pub(crate) fn extend(&mut self, block: &mut Self) {
        let base = self.len() as u32;
        self.ts.extend_from_slice(&block.ts);
        self.line_no.extend_from_slice(&block.line_no);
        self.flags.extend_from_slice(&block.flags);
        for (word, new) in self.words.iter_mut().zip(&block.words) {
            word.ids.extend_from_slice(&new.ids);
            word.ints.extend_from_slice(&new.ints);
        }
        self.raw_bytes += block.raw_bytes;
        self.raw.extend(block.raw.drain(..).map(|(row, bytes)| (base + row, bytes)));
        self.members.extend(block.members.iter().map(|&(row, id)| (base + row, id)));
    }

    /// Appends one row of a block.
    pub(crate) fn push(&mut self, block: &Self, row: usize) {
        let at = self.len() as u32;
        self.ts.push(block.ts[row]);
        self.line_no.push(block.line_no[row]);
        self.flags.push(block.flags[row]);
        for (word, new) in self.words.iter_mut().zip(&block.words) {
            word.ids.extend(new.ids.get(row));
            word.ints.extend(new.ints.get(row));
        }
        for (_, bytes) in block.raw.iter().filter(|(of, _)| *of as usize == row) {
            self.raw_bytes += bytes.len();
            self.raw.push((at, bytes.clone()));
        }
        let members = block.members.iter().filter(|(of, _)| *of as usize == row);
        self.members.extend(members.map(|&(_, id)| (at, id)));
    }

    /// The row group of these rows.
    pub(crate) fn row_group(
        &self,
        layout: &Layout,
        keys: &[Option<KeyColumn>],
        values: &Values,
        source_id: i32,
    ) -> RowGroup {
        let mut group = Group {
            rows: self,
            values,
            columns: vec![ColumnData::Null; Col::stored().len()],
            facts: vec![Facts::default(); self.len()],
            members: Vec::new(),
            server: None,
        };
        for (word, (rows, key)) in layout.all_words().zip(self.words.iter().zip(keys)) {
            match (&word.kind, key) {
                (WordKind::Number(col), _) => group.set(*col, numbers(*col, &rows.ints)),
                (WordKind::Key, Some(key)) => group.key(key, &rows.ids),
                _ => {}
            }
        }
        let claimed =
            |word: &Word| word.fields().any(|field| claims(&field.kind).contains(&Col::Port));
        if layout.shaped.is_some() && !layout.words.iter().any(claimed) {
            group.imply_ports();
        }
        group.finish(source_id)
    }
}

/// A row group being made.
struct Group<'a> {
    rows: &'a Rows,
    values: &'a Values,
    columns: Vec<ColumnData>,
    facts: Vec<Facts>,
    /// Per word with members of `extra`: the key column, and the rows' ids.
    members: Vec<(&'a KeyColumn, &'a [u32])>,
    /// The word that holds the next hop, and the position of the server's address in it.
    server: Option<(&'a KeyColumn, &'a [u32], usize)>,
}

impl<'a> Group<'a> {
    fn set(&mut self, col: Col, data: ColumnData) {
        self.columns[col as usize] = data;
    }

    /// Sets the columns of one word: ids become positions among the texts of this group, and each column is looked up
    /// by position.
    fn key(&mut self, key: &'a KeyColumn, ids: &'a [u32]) {
        let (texts, places) = localize(ids, key.texts.len());
        for (nth, &col) in key.text_cols.iter().enumerate() {
            if col == Col::ServerIp && key.is_next_hop {
                self.server = Some((key, ids, nth));
                continue;
            }
            let of_text: Vec<u32> = texts.iter().map(|&id| key.value(id, nth)).collect();
            let data = match gather(&of_text, &places, self.values.of(col)) {
                ColumnData::Text(coded) if col.column().kind == ColumnType::Binary => {
                    ColumnData::Binary(coded)
                }
                data => data,
            };
            self.set(col, data);
        }
        for (nth, &col) in key.int_cols.iter().enumerate() {
            let of_text: Vec<i64> = texts.iter().map(|&id| key.int(id, nth)).collect();
            let ints: Vec<i64> = places
                .iter()
                .map(|&place| of_text.get(place as usize).copied().unwrap_or(NULL_INT))
                .collect();
            self.set(col, numbers(col, &ints));
        }
        if key.any_facts {
            for (facts, &id) in self.facts.iter_mut().zip(ids) {
                let more = key.facts.get(id as usize).copied().unwrap_or_default();
                *facts = facts.and(more);
            }
        }
        if key.any_members() {
            self.members.push((key, ids));
        }
    }

    fn finish(mut self, source_id: i32) -> RowGroup {
        let rows = self.rows;
        if let Some((key, ids, nth)) = self.server {
            let direct = ids
                .iter()
                .zip(&self.facts)
                .map(|(&id, facts)| if facts.is_direct() { key.value(id, nth) } else { NONE });
            let ids: Vec<u32> = direct.collect();
            let (texts, places) = localize(&ids, self.values.of(Col::ServerIp).len());
            let data = gather(&texts, &places, self.values.of(Col::ServerIp));
            self.set(Col::ServerIp, data);
        }
        self.verdicts();
        self.set(Col::Ts, ColumnData::Int64 { values: rows.ts.clone(), valid: None });
        let data = flag_words(&rows.flags, QUALITY, |flags| {
            Quality::NAMES[usize::from(flags & QUALITY).min(Quality::NAMES.len() - 1)]
        });
        self.set(Col::TsQuality, data);
        let data = flag_words(&rows.flags, PARTIAL, |flags| match flags & PARTIAL {
            0 => "ok",
            _ => "partial",
        });
        self.set(Col::Parse, data);
        self.set(Col::SourceId, ColumnData::ConstInt32(source_id));
        self.set(Col::LineNo, ColumnData::Int64 { values: rows.line_no.clone(), valid: None });
        let data = self.extra();
        self.set(Col::Extra, data);
        let data = raw(rows);
        self.set(Col::Raw, data);
        RowGroup { rows: rows.len(), columns: self.columns }
    }

    /// Where no field tells the port, the scheme implies it.
    fn imply_ports(&mut self) {
        let port = |text: &[u8]| std::str::from_utf8(text).ok().and_then(url::implied_port);
        let ports = match &self.columns[Col::Scheme as usize] {
            ColumnData::ConstText(scheme) => vec![port(scheme.as_bytes()); self.rows.len()],
            ColumnData::Text(Coded { values, codes }) => {
                let code = |&code: &u32| (code != NULL_CODE).then(|| port(values.value(code)));
                codes.iter().map(|found| code(found).flatten()).collect()
            }
            _ => return,
        };
        if ports.iter().any(Option::is_some) {
            self.set(Col::Port, ColumnData::Int32(ports));
        }
    }

    fn verdicts(&mut self) {
        let mut known: Vec<Option<(u32, u32)>> = vec![None; FACTS];
        let (mut verdicts, mut caches) = (Words::default(), Words::default());
        let mut verdict_codes = Vec::with_capacity(self.facts.len());
        let mut cache_codes = Vec::with_capacity(self.facts.len());
        for facts in &self.facts {
            let (verdict, cache) = *known[usize::from(facts.0)].get_or_insert_with(|| {
                (
                    verdicts.code(facts.verdict()),
                    facts.cache().map_or(NULL_CODE, |c| caches.code(c)),
                )
            });
            verdict_codes.push(verdict);
            cache_codes.push(cache);
        }
        self.set(Col::Verdict, verdicts.column(verdict_codes));
        self.set(Col::Cache, caches.column(cache_codes));
    }

    /// One JSON object for each combination of members.
    fn extra(&self) -> ColumnData {
        let rows = self.rows;
        if self.members.is_empty() && rows.members.is_empty() {
            return ColumnData::Null;
        }
        let mut values = Dictionary::default();
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut further = rows.members.iter().peekable();
        let mut members: Vec<u32> = Vec::new();
        let mut codes = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            members.clear();
            for (key, ids) in &self.members {
                members.extend_from_slice(key.members(ids[row]));
            }
            while let Some(&(_, id)) = further.next_if(|(of, _)| *of as usize == row) {
                members.push(id);
            }
            codes.push(match known.get(&members) {
                _ if members.is_empty() => NULL_CODE,
                Some(&code) => code,
                None => {
                    let code = values.push(&object(&members, &self.values.members));
                    known.insert(members.clone(), code);
                    code
                }
            });
        }
        coded(Coded { values, codes })
    }
}

fn object(members: &[u32], texts: &Interner) -> Vec<u8> {
    let mut json = vec![b'{'];
    for (nth, &member) in members.iter().enumerate() {
        if nth > 0 {
            json.push(b',');
        }
        json.extend_from_slice(texts.value(member));
    }
    json.push(b'}');
    json
}

fn raw(rows: &Rows) -> ColumnData {
    if rows.raw.is_empty() {
        return ColumnData::Null;
    }
    let mut texts = Interner::new();
    let mut codes = vec![NULL_CODE; rows.len()];
    for (row, bytes) in &rows.raw {
        codes[*row as usize] = texts.intern(bytes).0;
    }
    let mut values = Dictionary::default();
    for id in 0..texts.len() as u32 {
        values.push(texts.value(id));
    }
    ColumnData::Binary(Coded { values, codes })
}

/// The distinct ids in the order of their appearance, and each row's place among them.
fn localize(ids: &[u32], len: usize) -> (Vec<u32>, Vec<u32>) {
    let mut place = vec![NONE; len];
    let mut distinct = Vec::new();
    let places = ids.iter().map(|&id| {
        let Some(known) = place.get_mut(id as usize) else { return NONE };
        if *known == NONE {
            *known = distinct.len() as u32;
            distinct.push(id);
        }
        *known
    });
    let places = places.collect();
    (distinct, places)
}

/// A text column: the value of each distinct text, looked up by each row's place.
fn gather(of_text: &[u32], places: &[u32], values: &Interner) -> ColumnData {
    let mut code_of = vec![NONE; values.len()];
    let mut dictionary = Dictionary::default();
    let codes: Vec<u32> = of_text
        .iter()
        .map(|&id| {
            let Some(code) = code_of.get_mut(id as usize) else { return NULL_CODE };
            if *code == NONE {
                *code = dictionary.push(values.value(id));
            }
            *code
        })
        .collect();
    let codes = places
        .iter()
        .map(|&place| codes.get(place as usize).copied().unwrap_or(NULL_CODE))
        .collect();
    coded(Coded { values: dictionary, codes })
}

fn coded(coded: Coded) -> ColumnData {
    if coded.values.is_empty() { ColumnData::Null } else { ColumnData::Text(coded) }
}

/// A numeric column.
fn numbers(col: Col, ints: &[i64]) -> ColumnData {
    if ints.iter().all(|&value| value == NULL_INT) {
        return ColumnData::Null;
    }
    if col.column().kind == ColumnType::Int32 {
        return ColumnData::Int32(ints.iter().map(|&value| i32::try_from(value).ok()).collect());
    }
    let nulls = ints.contains(&NULL_INT);
    let valid = nulls.then(|| ints.iter().map(|&value| value != NULL_INT).collect());
    let values = ints.iter().map(|&value| if value == NULL_INT { 0 } else { value }).collect();
    ColumnData::Int64 { values, valid }
}

/// A column of few fixed words, told by some bits of the rows' flags.
fn flag_words(flags: &[u8], bits: u8, word: impl Fn(u8) -> &'static str) -> ColumnData {
    let first = flags.first().copied().unwrap_or_default() & bits;
    if flags.iter().fold(0, |differ, &flags| differ | (flags & bits) ^ first) == 0 {
        return ColumnData::ConstText(word(first).into());
    }
    let mut words = Words::default();
    let codes: Vec<u32> = flags.iter().map(|&flags| words.code(word(flags))).collect();
    words.column(codes)
}

#[derive(Default)]
struct Words {
    known: Vec<&'static str>,
}

impl Words {
    fn code(&mut self, word: &'static str) -> u32 {
        let known = self.known.iter().position(|known| *known == word);
        known.unwrap_or_else(|| {
            self.known.push(word);
            self.known.len() - 1
        }) as u32
    }

    fn column(self, codes: Vec<u32>) -> ColumnData {
        match self.known.as_slice() {
            [] => ColumnData::Null,
            [word] if !codes.contains(&NULL_CODE) => ColumnData::ConstText((*word).into()),
            words => {
                let mut values = Dictionary::default();
                for word in words {
                    values.push(word.as_bytes());
                }
                ColumnData::Text(Coded { values, codes })
            }
        }
    }
}

/// The open rows of a day.
#[derive(Debug)]
pub(crate) struct OpenDay {
    /// The day.
    pub(crate) day: Day,
    /// Its rows.
    pub(crate) rows: Rows,
}
