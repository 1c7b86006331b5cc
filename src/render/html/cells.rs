//! Values and sentences as markup.

use maud::{Markup, html};

use super::super::{Urgency, Words, escape, place_in_file, urgency};
use crate::section::{Cell, Piece};
use crate::zone::Zone;

/// Makes markup of values; every text from outside stands in an element of its own, which keeps its
/// direction of writing to itself.
pub(super) struct Cells<'a> {
    pub(super) words: Words<'a>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(zone: &'a Zone) -> Self {
        Self { words: Words { zone, text: escape::html, full_instants: false } }
    }

    pub(super) fn markup(&self, cell: &Cell) -> Markup {
        html! {
            @match cell {
                Cell::Text(text) | Cell::Person(_, text) => bdi { (self.words.name(text.raw())) },
                Cell::Word(word) => (self.word(word)),
                Cell::List(cells) => (self.list(cells)),
                Cell::Record(fields) => (self.record(fields)),
                Cell::Missing | Cell::Count(_) | Cell::Signed(_) | Cell::Rate(_) | Cell::Ratio(_) | Cell::Change(_)
                | Cell::Tenths(_) | Cell::Millis(_) | Cell::Instant(_) | Cell::Bool(_) => (self.words.cell(cell)),
            }
        }
    }

    fn word(&self, word: &str) -> Markup {
        let shown = escape::html(word);
        html! {
            @match urgency(word) {
                Some(Urgency::Alarm) => span.alarm { (shown) },
                Some(Urgency::Warning) => span.warning { (shown) },
                None => (shown),
            }
        }
    }

    fn list(&self, cells: &[Cell]) -> Markup {
        html! {
            @for (place, cell) in cells.iter().enumerate() {
                @if place > 0 { ", " }
                (self.markup(cell))
            }
        }
    }

    fn record(&self, fields: &[(String, Cell)]) -> Markup {
        html! {
            @if let Some((file, line)) = place_in_file(fields) {
                (self.markup(file)) ":" (self.markup(line))
            } @else {
                @for (place, (key, cell)) in fields.iter().enumerate() {
                    @if place > 0 { ", " }
                    (escape::html(key)) " " (self.markup(cell))
                }
            }
        }
    }

    pub(super) fn sentence(&self, sentence: &[Piece]) -> Markup {
        html! {
            @for piece in sentence {
                @match piece {
                    Piece::Say(words) => (with_code(words)),
                    // No line ends between a number and its unit.
                    Piece::Value(cell @ (Cell::Rate(_) | Cell::Millis(_))) => span.value { (self.markup(cell)) },
                    Piece::Value(Cell::Instant(ms)) => {
                        time datetime=(self.words.zone.rfc3339(*ms)) { (self.words.zone.short(*ms)) }
                    },
                    Piece::Value(cell) => (self.markup(cell)),
                    Piece::Line(cell) => code.line { (self.markup(cell)) },
                }
            }
        }
    }

    /// Points of ours, which begin with a dash, are list items; everything else is a paragraph.
    pub(super) fn paragraphs(&self, sentences: &[Vec<Piece>]) -> Markup {
        let blocks = sentences.chunk_by(|a, b| is_point(a) && is_point(b));
        html! {
            @for block in blocks {
                @if block.first().is_some_and(|it| is_point(it)) {
                    ul { @for it in block { "\n" li { (self.sentence(&without_dash(it))) } } }
                } @else {
                    @for it in block {
                        @if !is_empty(it) { "\n" p { (self.sentence(it)) } }
                    }
                }
            }
        }
    }
}

fn is_empty(sentence: &[Piece]) -> bool {
    sentence.iter().all(|it| matches!(it, Piece::Say(words) if words.is_empty()))
}

fn is_point(sentence: &[Piece]) -> bool {
    matches!(sentence.first(), Some(Piece::Say(words)) if words.starts_with("- "))
}

fn without_dash(sentence: &[Piece]) -> Vec<Piece> {
    let mut sentence = sentence.to_vec();
    if let Some(Piece::Say(words)) = sentence.first_mut() {
        words.drain(..2);
    }
    sentence
}

/// Words of ours, in which backticks stand around what is to be typed.
pub(super) fn with_code(words: &str) -> Markup {
    let pairs = words.matches('`').count().is_multiple_of(2);
    html! {
        @if pairs {
            @for (place, it) in words.split('`').enumerate() {
                @if place % 2 == 0 { (escape::html(it)) } @else { code { (escape::html(it)) } }
            }
        } @else {
            (escape::html(words))
        }
    }
}
