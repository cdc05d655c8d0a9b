//! A table for people: fitted to the terminal, cuts marked with `…`, nothing in it can move the cursor.

use std::io::Write;

use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::target::Target;
use super::{ResultWriter, columns, escape, names};

/// Rows that decide the widths of the columns; later rows are written as they come.
const ROWS_LOOKED_AT: usize = 1_000;
/// No column is squeezed below this many characters.
const WIDTH_MIN: usize = 6;
/// Columns are kept apart by this.
const GAP: &str = "  ";

/// Which kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// For a terminal.
    Plain,
    /// For a document.
    Markdown,
}

/// A table whose column widths follow from its first rows.
pub(super) struct Table {
    target: Target,
    style: Style,
    header: Vec<String>,
    right: Vec<bool>,
    rigid: Vec<bool>,
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    terminal: Option<usize>,
}

impl Table {
    /// A table for `schema`.
    pub(super) fn new(schema: &SchemaRef, target: Target, style: Style) -> Self {
        let terminal = match (&target, style) {
            (Target::Terminal(_), Style::Plain) => {
                terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
            }
            _ => None,
        };
        let header: Vec<_> = names(schema).iter().map(|name| shown(name, style)).collect();
        let right = vec![false; header.len()];
        let rigid = right.clone();
        Self { target, style, header, right, rigid, held: Vec::new(), widths: None, terminal }
    }

    fn open(&mut self) -> Result<()> {
        let widths = self.fit();
        let header = std::mem::take(&mut self.header);
        self.widths = Some(widths.clone());
        self.row(&header, &widths)?;
        self.rule(&widths)?;
        for row in std::mem::take(&mut self.held) {
            self.row(&row, &widths)?;
        }
        Ok(())
    }

    /// Gives each column its natural width, then takes from the widest until the line fits.
    fn fit(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.header.len())
            .map(|at| {
                let cells = self.held.iter().map(|row| row[at].width());
                cells.chain([self.header[at].width()]).max().unwrap_or(0)
            })
            .collect();
        let Some(terminal) = self.terminal else { return widths };
        // Text gives way first; numbers and times are cut only when nothing else is left.
        let rigid = |at: usize| self.rigid[at];
        if squeeze(&mut widths, terminal, |at| !rigid(at)) {
            return widths;
        }
        squeeze(&mut widths, terminal, |_| true);
        widths
    }

    fn row(&mut self, cells: &[String], widths: &[usize]) -> Result<()> {
        let mut line = String::new();
        if self.style == Style::Markdown {
            line.push_str("| ");
        }
        for (at, (text, &width)) in cells.iter().zip(widths).enumerate() {
            if at > 0 {
                line.push_str(if self.style == Style::Markdown { " | " } else { GAP });
            }
            let text = if self.terminal.is_some() { cut(text, width) } else { text.clone() };
            let blank = " ".repeat(width.saturating_sub(text.width()));
            if self.right[at] {
                line.push_str(&blank);
                line.push_str(&text);
            } else {
                line.push_str(&text);
                line.push_str(&blank);
            }
        }
        if self.style == Style::Markdown {
            line.push_str(" |");
        }
        writeln!(self.target, "{}", line.trim_end())?;
        Ok(())
    }

    fn rule(&mut self, widths: &[usize]) -> Result<()> {
        if self.style == Style::Plain {
            let dashes: Vec<_> = widths.iter().map(|&width| "─".repeat(width)).collect();
            writeln!(self.target, "{}", dashes.join(GAP))?;
            return Ok(());
        }
        let dashes = widths.iter().zip(&self.right).map(|(&width, &right)| {
            let dashes = "-".repeat(width.max(3) - usize::from(right));
            if right { format!("{dashes}:") } else { dashes }
        });
        let dashes: Vec<_> = dashes.collect();
        writeln!(self.target, "| {} |", dashes.join(" | "))?;
        Ok(())
    }
}

impl ResultWriter for Table {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = columns(batch)?;
        for (at, column) in columns.iter().enumerate() {
            self.right[at] |= column.is_number();
            self.rigid[at] |= column.is_rigid();
        }
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for column in &columns {
                text.clear();
                column.push_text(row, &mut text)?;
                cells.push(shown(&text, self.style));
            }
            match self.widths.clone() {
                Some(widths) => self.row(&cells, &widths)?,
                None => self.held.push(cells),
            }
            if self.widths.is_none() && self.held.len() >= ROWS_LOOKED_AT {
                self.open()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.widths.is_none() {
            self.open()?;
        }
        self.target.finish()
    }
}

/// Levels the widest of the columns that may give way until the line fits; tells whether it does.
fn squeeze(widths: &mut [usize], terminal: usize, gives_way: impl Fn(usize) -> bool) -> bool {
    loop {
        let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        if total <= terminal {
            return true;
        }
        let soft = || widths.iter().enumerate().filter(|(at, _)| gives_way(*at)).map(|(_, &w)| w);
        let widest = soft().max().unwrap_or(0);
        if widest <= WIDTH_MIN {
            return false;
        }
        // Level the widest down to the next one, or by what is needed.
        let next = soft().filter(|&width| width < widest).max().unwrap_or(0);
        let equals = soft().filter(|&width| width == widest).count();
        let share = (total - terminal).div_ceil(equals);
        let target = next.max(widest.saturating_sub(share)).max(WIDTH_MIN);
        for (at, width) in widths.iter_mut().enumerate() {
            if gives_way(at) {
                *width = (*width).min(target);
            }
        }
    }
}

fn shown(text: &str, style: Style) -> String {
    let text = escape::visible(text);
    if style == Style::Markdown { text.replace('|', "\\|") } else { text }
}

/// Cuts `text` to `width` columns of the terminal; a cut ends with `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width.saturating_sub(1) {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_gives_way_before_numbers() {
        let fit = |mut widths: Vec<usize>, terminal, rigid: &[usize]| {
            squeeze(&mut widths, terminal, |at| !rigid.contains(&at));
            widths
        };
        assert_eq!(fit(vec![24, 60, 10], 80, &[0]), [24, 42, 10]);
        assert_eq!(fit(vec![24, 60, 30], 60, &[0]), [24, 16, 16]);
        assert_eq!(fit(vec![24, 60], 20, &[0]), [24, WIDTH_MIN]);
    }
}
