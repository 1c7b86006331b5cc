//! A workbook: a sheet for each table, typed cells, and what each figure means.
//!
//! Excel knows neither zones nor whole numbers of more than 53 bits: instants stand in the zone that
//! their heading names, and what a double cannot hold exactly is written as text. Text is only ever
//! written as text, so nothing in a workbook is computed.

use std::collections::BTreeSet;
use std::io::{self, Write};

use rust_xlsxwriter::{
    ConditionalFormatDataBar, ConditionalFormatType, DocProperties, ExcelDateTime, Format, FormatAlign,
    FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError,
};

use super::csv::Flat;
use super::width::width;
use super::{Style, Words, all_columns, escape, heading, parts, section_name};
use crate::definitions::{FIGURES, Figure};
use crate::section::{Body, Cell, Column, Document, Part, Table};
use crate::zone::Zone;

/// Rows of a table that a sheet can hold: 1,048,576, less the heading, the total and a line that says
/// what is left out, each with a line between.
const MOST_ROWS: usize = 1_048_576 - 5;
/// Whole numbers up to 2^53 are exact in a double.
const EXACT: u64 = 1 << 53;
/// Wall-clock milliseconds of 1900-03-01 and of 10000-01-01: Excel's calendar is right between them.
const DATES: std::ops::Range<i64> = -2_203_891_200_000..253_402_300_800_000;
/// Widths of columns, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;
/// The width of a column of sentences.
const SENTENCES: f64 = 110.0;
/// Characters that the button of a filter takes.
const BUTTON: usize = 3;
const BAR: u32 = 0x00F4_B183;
const HEADER: u32 = 0x00DD_E6EF;

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let bytes = Book::new(style.zone, MOST_ROWS).write(doc, style).map_err(io_error)?;
    out.write_all(&bytes)
}

fn io_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(it) => it,
        other => io::Error::other(other),
    }
}

type Written<T = ()> = Result<T, XlsxError>;

/// A workbook in the making.
struct Book<'a> {
    workbook: Workbook,
    zone: &'a Zone,
    most_rows: usize,
    /// Names of sheets as Excel compares them.
    taken: BTreeSet<String>,
    formats: Formats,
}

struct Formats {
    header: Format,
    label: Format,
    sentence: Format,
    /// As in a cell that was entered behind an apostrophe: it stays text where somebody edits it.
    text: Format,
    whole: Format,
    rate: Format,
    /// For a share that percentages with one decimal would round twice.
    fine_rate: Format,
    change: Format,
    fine_change: Format,
    tenths: Format,
    ratio: Format,
    instant: Format,
}

impl Formats {
    /// On top of what cells have in common.
    fn on(base: &Format) -> Self {
        let number = |it: &str| base.clone().set_num_format(it);
        Self {
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(HEADER)
                .set_border_bottom(FormatBorder::Thin),
            label: Format::new().set_bold().set_align(FormatAlign::Top),
            sentence: Format::new().set_text_wrap().set_align(FormatAlign::Top).set_quote_prefix(),
            text: base.clone().set_quote_prefix(),
            whole: number("0"),
            rate: number("0.0 %"),
            fine_rate: number("0.0000 %"),
            change: number("+0.0 %;-0.0 %;0.0 %"),
            fine_change: number("+0.0000 %;-0.0000 %;0.0000 %"),
            tenths: number("0.0"),
            ratio: number("0.000"),
            instant: number("yyyy-mm-dd hh:mm:ss.000"),
        }
    }
}

impl<'a> Book<'a> {
    fn new(zone: &'a Zone, most_rows: usize) -> Self {
        // Excel keeps this name for itself.
        let taken = BTreeSet::from(["history".to_owned()]);
        Self { workbook: Workbook::new(), zone, most_rows, taken, formats: Formats::on(&Format::new()) }
    }

    fn write(mut self, doc: &Document, style: &Style<'_>) -> Written<Vec<u8>> {
        // Nobody's clock: the same document is the same bytes.
        let created = ExcelDateTime::from_ymd(1980, 1, 1)?;
        let title = doc.schema.split('/').next().unwrap_or_default().replace('.', " ");
        let properties = DocProperties::new().set_title(escape::xlsx(&title)).set_creation_datetime(&created);
        self.workbook.set_properties(&properties);

        let fixed = ["summary", "parameters", "accounting", "definitions"].map(|it| self.name(it));
        let tables: Vec<(&Part, &Table, String)> = parts(doc, style)
            .filter_map(|part| match &part.body {
                Body::Rows(table) => Some((part, table, self.name(&section_name(part)))),
                Body::Value(_) | Body::Sentences(_) => None,
            })
            .collect();
        let [summary, parameters, accounting, definitions] = &fixed;
        self.summary(summary, doc, style, &tables)?;
        for (_, table, name) in &tables {
            self.table(name, table, style)?;
        }
        for (name, fields) in [(parameters, &doc.parameters), (accounting, &doc.accounting)] {
            if !fields.is_empty() {
                self.fields(name, fields)?;
            }
        }
        let figures = figures(doc, style);
        if !figures.is_empty() {
            self.definitions(definitions, &figures)?;
        }
        self.workbook.save_to_buffer()
    }

    /// A name that a sheet can have: at most 31 characters, and no other sheet's.
    fn name(&mut self, wanted: &str) -> String {
        const MOST: usize = 31;
        let allowed = |c: char| if "[]:*?/\\'".contains(c) || escape::is_hidden(c) { '_' } else { c };
        let wanted: String = wanted.chars().map(allowed).collect();
        let wanted = if wanted.is_empty() { "sheet" } else { &wanted };
        for number in 1.. {
            let suffix = if number == 1 { String::new() } else { format!(" {number}") };
            let mut room = MOST - suffix.len();
            let fits = |c: &char| {
                let enough = room >= c.len_utf16();
                room = room.saturating_sub(c.len_utf16());
                enough
            };
            let name = wanted.chars().take_while(fits).collect::<String>() + &suffix;
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
        }
        unreachable!("numbers do not end")
    }

    fn summary(
        &mut self,
        name: &str,
        doc: &Document,
        style: &Style<'_>,
        tables: &[(&Part, &Table, String)],
    ) -> Written {
        let zone = self.zone;
        let most_rows = self.most_rows;
        let words = Words { zone, text: escape::message, full_instants: true };
        let mut lines: Vec<(String, String)> = vec![
            ("Answer".into(), escape::message(&doc.schema).into_owned()),
            (
                "Times".into(),
                format!(
                    "Times on the other sheets are those that clocks show in {}, since Excel knows no zones; an hour \
                     that clocks show twice cannot be told apart. JSON and CSV have the offsets.",
                    zone.name()
                ),
            ),
        ];
        lines.extend(doc.preface.iter().map(|it| ("Read".to_owned(), words.sentence(it))));
        for part in parts(doc, style) {
            let path = || escape::message(&part.path.join(".")).into_owned();
            match &part.body {
                Body::Value(cell) => lines.push((path(), words.cell(cell))),
                Body::Sentences(all) => lines.extend(all.iter().map(|it| (path(), words.sentence(it)))),
                Body::Rows(_) => {}
            }
        }
        for (_, table, sheet) in tables {
            let label = format!("Sheet {sheet}");
            let title = if table.title.is_empty() { String::new() } else { format!("{}: ", table.title) };
            let rows = match table.rows.len() {
                0 if !table.empty.is_empty() => table.empty.clone(),
                1 => "1 row.".to_owned(),
                it => format!("{it} rows."),
            };
            let cut = cut(table, most_rows).map(|it| format!(" {it}")).unwrap_or_default();
            lines.push((label.clone(), escape::message(&format!("{title}{rows}{cut}")).into_owned()));
            lines.extend(table.reading.iter().map(|it| (label.clone(), escape::message(it).into_owned())));
        }
        lines.extend(doc.notes.iter().map(|it| ("Note".to_owned(), words.sentence(it))));

        let formats = &self.formats;
        let columns = [("About", 30.0), ("What it says", SENTENCES)];
        let sheet = sheet(&mut self.workbook, formats, name, &columns)?;
        let lines = lines.into_iter().filter(|(_, text)| !text.is_empty());
        for (row, (label, text)) in (1..).zip(lines) {
            sheet.write_string_with_format(row, 0, escape::xlsx_cell(label), &formats.label)?;
            sheet.write_string_with_format(row, 1, escape::xlsx_cell(text), &formats.sentence)?;
        }
        Ok(())
    }

    fn table(&mut self, name: &str, table: &Table, style: &Style<'_>) -> Written {
        let columns = all_columns(table, style);
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        let sink = Sink { zone: self.zone, formats: &self.formats };
        let kept = table.rows.len().min(self.most_rows);
        let last = kept as u32;
        for (place, &column) in (0_u16..).zip(&columns) {
            let title = sink.title(table, column);
            sheet.write_string_with_format(0, place, &title, &self.formats.header)?;
            let mut widest = title.split(' ').map(width).max().unwrap_or(0) + BUTTON;
            for (row, cells) in (1_u32..).zip(&table.rows[..kept]) {
                widest = widest.max(sink.write(sheet, row, place, &cells[column])?);
            }
            let widest = widest.clamp(*WIDTHS.start(), *WIDTHS.end()) + 1;
            sheet.set_column_width(place, widest as f64)?;
            let is_rate = |cells: &Vec<Cell>| matches!(cells[column], Cell::Rate(_));
            if table.rows[..kept].iter().any(is_rate) {
                let bar = ConditionalFormatDataBar::new()
                    .set_minimum(ConditionalFormatType::Number, 0)
                    .set_maximum(ConditionalFormatType::Number, 1)
                    .set_fill_color(BAR)
                    .set_solid_fill(true);
                sheet.add_conditional_format(1, place, last, place, &bar)?;
            }
        }
        let Some(right) = columns.len().checked_sub(1).map(|it| it as u16) else { return Ok(()) };
        sheet.autofilter(0, 0, last, right)?;
        // An empty row keeps what follows out of filters, sorting and sums over the table.
        let mut next = last + 2;
        if let Some(total) = &table.total {
            let sink = Sink { zone: self.zone, formats: &Formats::on(&Format::new().set_bold()) };
            for (place, &column) in (0_u16..).zip(&columns) {
                let cell = match &total[column] {
                    Cell::Missing if place == 0 => &Cell::word("Total"),
                    it => it,
                };
                sink.write(sheet, next, place, cell)?;
            }
            next += 2;
        }
        if let Some(cut) = cut(table, self.most_rows) {
            sheet.write_string_with_format(next, 0, cut, &self.formats.label)?;
        }
        // Telephone numbers are texts on purpose.
        sheet.ignore_error_range(0, 0, next, right, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Parameters or the books, one value a row.
    fn fields(&mut self, name: &str, fields: &[(String, Cell)]) -> Written {
        let mut flat: Vec<(String, &Cell)> = Vec::new();
        flatten("", fields, &mut flat);
        let formats = &self.formats;
        let sheet = sheet(&mut self.workbook, formats, name, &[("Name", 36.0), ("Value", 40.0)])?;
        let sink = Sink { zone: self.zone, formats };
        for (row, (key, cell)) in (1..).zip(&flat) {
            sheet.write_string_with_format(row, 0, escape::xlsx(key), &formats.text)?;
            sink.write(sheet, row, 1, cell)?;
        }
        sheet.autofilter(0, 0, flat.len() as u32, 1)?;
        Ok(())
    }

    fn definitions(&mut self, name: &str, figures: &[&Figure]) -> Written {
        let formats = &self.formats;
        let columns =
            [("Key", 28.0), ("Title", 16.0), ("Unit", 14.0), ("Formula", SENTENCES), ("Source", 30.0)];
        let sheet = sheet(&mut self.workbook, formats, name, &columns)?;
        for (row, it) in (1..).zip(figures) {
            for (place, text) in (0..).zip([it.id, it.title, it.unit, it.formula, it.source]) {
                sheet.write_string_with_format(row, place, escape::xlsx(text), &formats.sentence)?;
            }
        }
        sheet.autofilter(0, 0, figures.len() as u32, columns.len() as u16 - 1)?;
        Ok(())
    }
}

/// A new sheet under a frozen heading.
fn sheet<'w>(
    workbook: &'w mut Workbook,
    formats: &Formats,
    name: &str,
    columns: &[(&str, f64)],
) -> Written<&'w mut Worksheet> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (place, (title, width)) in (0..).zip(columns) {
        sheet.write_string_with_format(0, place, *title, &formats.header)?;
        sheet.set_column_width(place, *width)?;
    }
    Ok(sheet)
}

/// What to say where a sheet cannot hold a table.
fn cut(table: &Table, most: usize) -> Option<String> {
    let all = table.rows.len();
    (all > most).then(|| {
        format!("The first {most} of {all} rows: a sheet holds no more. --format csv or ndjson holds all.")
    })
}

/// The figures that a workbook shows, in the order of their definitions. What comes from no dump has no
/// books, and columns of its own that only share names with figures.
fn figures(doc: &Document, style: &Style<'_>) -> Vec<&'static Figure> {
    if doc.accounting.is_empty() {
        return Vec::new();
    }
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for part in parts(doc, style) {
        if let Body::Rows(table) = &part.body {
            let keys = all_columns(table, style).into_iter().map(|it| table.columns[it].key.to_owned());
            shown.extend(keys);
        }
    }
    let mut books = Vec::new();
    flatten("", &doc.accounting, &mut books);
    shown.extend(books.into_iter().map(|(key, _)| key));
    shown.extend(doc.accounting.iter().map(|(key, _)| key.clone()));
    FIGURES.iter().filter(|it| shown.contains(it.id)).collect()
}

/// Fields with dotted names down to their values; a record without fields is a value too.
fn flatten<'d>(above: &str, fields: &'d [(String, Cell)], flat: &mut Vec<(String, &'d Cell)>) {
    for (key, cell) in fields {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match cell {
            Cell::Record(below) if !below.is_empty() => flatten(&path, below, flat),
            _ => flat.push((path, cell)),
        }
    }
}

/// Where cells go.
struct Sink<'a> {
    zone: &'a Zone,
    formats: &'a Formats,
}

impl Sink<'_> {
    /// A heading with the unit that the numbers below do not show, and with the key where another column
    /// is titled alike.
    fn title(&self, table: &Table, place: usize) -> String {
        let column = &table.columns[place];
        let title = heading(column);
        let is_alike = |it: &&Column| heading(it).eq_ignore_ascii_case(title);
        let key = if table.columns.iter().filter(is_alike).count() > 1 {
            format!(" [{}]", column.key)
        } else {
            String::new()
        };
        let holds =
            |of: fn(&Cell) -> bool| table.rows.iter().chain(&table.total).any(|cells| of(&cells[place]));
        let unit = if column.key.ends_with("_ms") || holds(|it| matches!(it, Cell::Millis(_))) {
            " (ms)".to_owned()
        } else if column.key.ends_with("_at") || holds(|it| matches!(it, Cell::Instant(_))) {
            format!(" ({})", self.zone.name())
        } else if holds(|it| matches!(it, Cell::Change(_))) {
            " (percentage points)".to_owned()
        } else {
            String::new()
        };
        escape::xlsx_cell(format!("{}{key}{unit}", escape::message(title)))
    }

    /// Writes a cell and gives the characters that it takes.
    fn write(&self, sheet: &mut Worksheet, row: u32, place: u16, cell: &Cell) -> Written<usize> {
        let formats = self.formats;
        let mut number = |value: f64, format: &Format, shown: usize| {
            sheet.write_number_with_format(row, place, value, format).map(|_| shown)
        };
        let whole = |it: i128| (it.unsigned_abs() <= u128::from(EXACT)).then_some(it as f64);
        let text = match cell {
            Cell::Missing => return Ok(0),
            Cell::Count(it) => match whole(i128::from(*it)) {
                Some(value) => return number(value, &formats.whole, it.to_string().len()),
                None => it.to_string(),
            },
            Cell::Signed(it) | Cell::Millis(it) => match whole(i128::from(*it)) {
                Some(value) => return number(value, &formats.whole, it.to_string().len()),
                None => it.to_string(),
            },
            Cell::Rate(rate) => {
                let twice = (rate.micro + 500) / 1000 != rate.permille;
                let format = if twice { &formats.fine_rate } else { &formats.rate };
                return number(rate.micro as f64 / 1e6, format, "100.0000 %".len());
            }
            Cell::Change(change) => {
                // Workbooks round half away from zero.
                let rounded = change.micro.signum() * ((change.micro.abs() + 500) / 1000);
                let fine = rounded != change.permille;
                let format = if fine { &formats.fine_change } else { &formats.change };
                return number(change.micro as f64 / 1e6, format, "-100.0000 %".len());
            }
            Cell::Ratio(it) => return number(it.micro as f64 / 1e6, &formats.ratio, "100.000".len()),
            Cell::Tenths(it) => return number(*it as f64 / 10.0, &formats.tenths, it.to_string().len() + 2),
            Cell::Instant(ms) => match self.zone.wall_ms(*ms).filter(|it| DATES.contains(it)) {
                Some(wall) => return number(serial(wall), &formats.instant, "2026-05-24 10:35:18.000".len()),
                None => self.zone.rfc3339(*ms),
            },
            Cell::Bool(yes) => {
                sheet.write_boolean(row, place, *yes)?;
                return Ok("FALSE".len());
            }
            Cell::Text(text) | Cell::Person(_, text) => escape::xlsx(text.raw()).into_owned(),
            Cell::Word(word) => escape::xlsx(word).into_owned(),
            Cell::List(_) | Cell::Record(_) => {
                escape::xlsx_cell(Flat { zone: self.zone, text: escape::message }.cell(cell))
            }
        };
        let room = width(&text);
        sheet.write_string_with_format(row, place, text, &formats.text)?;
        Ok(room)
    }
}

/// Excel's number of a moment: days, of which 25569 lie before 1970.
fn serial(wall_ms: i64) -> f64 {
    wall_ms as f64 / 86_400_000.0 + 25_569.0
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Range, Reader, Xlsx};

    use super::super::samples::{AT, column, evidence, fields, hostile, hostile_names, ordinary, text};
    use super::*;
    use crate::section::{Person, Shown};
    use crate::text::Text;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").unwrap()
    }

    fn style(zone: &Zone) -> Style<'_> {
        Style { zone, width: None, color: false, csv_raw: false, section: None, columns: &[] }
    }

    fn bytes(doc: &Document) -> Vec<u8> {
        let mut out = Vec::new();
        render(doc, &style(&berlin()), &mut out).unwrap();
        out
    }

    type Read = Xlsx<Cursor<Vec<u8>>>;

    fn read(bytes: Vec<u8>) -> Read {
        Xlsx::new(Cursor::new(bytes)).unwrap()
    }

    /// A sheet; no formula may stand in it.
    #[track_caller]
    fn sheet(book: &mut Read, name: &str) -> Range<Data> {
        let formulas = book.worksheet_formula(name).unwrap();
        assert!(formulas.used_cells().all(|(_, _, it)| it.is_empty()), "a formula in {name}");
        book.worksheet_range(name).unwrap()
    }

    /// A cell as it reads: its type, a colon, its value.
    fn typed(data: &Data) -> String {
        match data {
            Data::Int(it) => format!("n:{it}"),
            Data::Float(it) => format!("n:{it}"),
            Data::String(it) => format!("t:{it}"),
            Data::Bool(it) => format!("b:{it}"),
            Data::DateTime(it) => {
                let wall = ((it.as_f64() - 25_569.0) * 86_400_000.0).round() as i64;
                format!("d:{}", chrono::DateTime::from_timestamp_millis(wall).unwrap().to_rfc3339())
            }
            Data::Empty => String::new(),
            other => panic!("{other:?}"),
        }
    }

    fn row(sheet: &Range<Data>, row: usize) -> Vec<String> {
        sheet.rows().nth(row).unwrap().iter().map(typed).collect()
    }

    fn single(cell: Cell) -> Document {
        let columns = vec![column("k", "", Shown::Always), column("l", "", Shown::Always)];
        // The second cell keeps the row where the first one is empty.
        let table = Table { columns, rows: vec![vec![cell, Cell::Count(1)]], ..Table::default() };
        let part = Part { path: vec!["rows"], body: Body::Rows(table) };
        Document { schema: "callsift.test/1".into(), parts: vec![part], ..Document::default() }
    }

    /// The one cell as it reads.
    fn shown(cell: &Cell) -> String {
        let mut book = read(bytes(&single(cell.clone())));
        row(&sheet(&mut book, "rows"), 1)[0].clone()
    }

    #[test]
    fn every_kind_of_cell_keeps_its_type() {
        let many = Cell::List(vec![text("a"), Cell::word("=b"), Cell::Rate(crate::section::Rate::given(5))]);
        let record = Cell::Record(fields(&[("n", Cell::Count(1)), ("who", text("a"))]));
        for (cell, expected) in [
            (Cell::Missing, ""),
            (text("a_b"), "t:a_b"),
            (text("12"), "t:12"),
            (Cell::word("high_rejection"), "t:high_rejection"),
            (Cell::Person(Person::Customer, Text::new("+4915112345678")), "t:+4915112345678"),
            (Cell::Count(0), "n:0"),
            (Cell::Count(1 << 53), "n:9007199254740992"),
            (Cell::Count((1 << 53) + 1), "t:9007199254740993"),
            (Cell::Count(u64::MAX), "t:18446744073709551615"),
            (Cell::Signed(-3), "n:-3"),
            (Cell::Signed(i64::MIN), "t:-9223372036854775808"),
            (Cell::share(1, 3), "n:0.333333"),
            (Cell::share(1, 1), "n:1"),
            (Cell::Tenths(-5), "n:-0.5"),
            (Cell::Millis(12_350), "n:12350"),
            // 08:35:18 UTC is 10:35:18 in Berlin.
            (Cell::Instant(AT), "d:2026-05-24T10:35:18+00:00"),
            (Cell::Instant(AT + 7), "d:2026-05-24T10:35:18.007+00:00"),
            (Cell::Instant(-3_000_000_000_000), "t:1874-12-07T18:40:00.000+00:00"),
            (Cell::Instant(i64::MAX), "t:out of range"),
            (Cell::Bool(true), "b:true"),
            (many, "t:a; =b; 0.000005"),
            (record, "t:n=1 who=a"),
            (evidence("m.log", 3), "t:m.log:3"),
        ] {
            assert_eq!(shown(&cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn text_from_outside_is_plain_visible_text() {
        for (name, expected) in [
            ("=HYPERLINK(\"http://x\",\"y\")", "=HYPERLINK(\"http://x\",\"y\")"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\t=1+1", "\\u{9}=1+1"),
            ("@SUM(1+1)", "@SUM(1+1)"),
            ("line\r\nline", "line\\u{d}\\u{a}line"),
            ("'=1", "'=1"),
            ("\\u{202e}", "\\\\u{202e}"),
            // What a workbook's own escapes would be taken for.
            ("_x0041_", "_x0041_"),
            ("&amp; ]]>", "&amp; ]]>"),
            (" both ends ", " both ends "),
            ("日本語 👍🏽", "日本語 👍🏽"),
            ("http://x.example", "http://x.example"),
        ] {
            assert_eq!(shown(&text(name)), format!("t:{expected}"));
            assert_eq!(shown(&Cell::word(name)), format!("t:{expected}"));
        }
    }

    #[test]
    fn hostile_names_are_text_wherever_they_stand() {
        let mut book = read(bytes(&hostile()));
        let names = hostile_names();
        let found = sheet(&mut book, "frustration");
        assert_eq!(found.height(), names.len() + 1);
        for (place, name) in names.iter().enumerate() {
            let cells = row(&found, place + 1);
            let visible = escape::message(name);
            let text = if name.is_empty() { String::new() } else { format!("t:{visible}") };
            assert_eq!(cells[0], text);
            assert_eq!(cells[1], format!("n:{place}"));
            assert_eq!(cells[2], text);
            assert_eq!(cells[3], format!("t:{visible}; ; {visible}"));
            assert_eq!(cells[5], format!("t:{visible}:7"));
        }
        for name in book.sheet_names() {
            for (_, _, cell) in sheet(&mut book, &name).used_cells() {
                let shown = typed(cell);
                let kept = ['\u{200d}', '\u{fe0f}'];
                let bad = shown.chars().find(|it| escape::is_hidden(*it) && !kept.contains(it));
                assert_eq!(bad, None, "{name}: {shown}");
            }
        }
        let text = String::from_utf8_lossy(&bytes(&hostile())).into_owned();
        assert!(!text.contains("externalLink") && !text.contains("hyperlink"));
    }

    #[test]
    fn too_long_texts_are_cut_with_a_mark() {
        let fits = "x".repeat(escape::CELL_UNITS);
        assert_eq!(shown(&text(&fits)), format!("t:{fits}"));
        let cut = shown(&text(&format!("{fits}y")));
        assert_eq!(cut, format!("t:{}… (cut)", &fits[..escape::CELL_UNITS - 7]));
        // Two units each: an odd one is left over.
        let emoji = shown(&text(&"😀".repeat(20_000)));
        assert_eq!(emoji, format!("t:{}… (cut)", "😀".repeat((escape::CELL_UNITS - 7) / 2)));
        let list = shown(&Cell::List(vec![text(&fits), text("end")]));
        assert_eq!(list, cut);
    }

    #[test]
    fn the_same_document_is_the_same_bytes() {
        for doc in [ordinary(), hostile()] {
            let first = bytes(&doc);
            assert!(first == bytes(&doc));
            assert!(xml(&first, "docProps/core.xml").contains("1980-01-01T00:00:00Z"));
        }
    }

    #[test]
    fn a_table_is_a_sheet_with_its_total_apart() {
        let mut book = read(bytes(&ordinary()));
        assert_eq!(
            book.sheet_names(),
            ["summary", "rows", "outgoing", "parameters", "accounting", "definitions"]
        );
        let rows = sheet(&mut book, "rows");
        assert_eq!(
            row(&rows, 0),
            [
                "t:Agent",
                "t:Calls",
                "t:Rejection rate",
                "t:Flag",
                "t:Talk (ms)",
                "t:Weight",
                "t:Last call (Europe/Berlin)",
                "t:Consistent",
                "t:evidence",
            ]
        );
        assert_eq!(
            row(&rows, 1),
            [
                "t:Asha Rao",
                "n:12",
                "n:0.833333",
                "t:high_rejection",
                "n:185000",
                "n:66.7",
                "d:2026-05-24T10:35:18+00:00",
                "b:true",
                "t:may.ndjson:3; may.ndjson:17",
            ]
        );
        assert_eq!(row(&rows, 2)[..3], ["t:Zoë Müller", "n:7", "n:0"]);
        assert!(row(&rows, 3).iter().all(String::is_empty));
        assert_eq!(row(&rows, 4)[..5], ["t:Total", "n:19", "n:0.526316", "", "n:185000"]);
        assert_eq!(rows.height(), 5);
        assert_eq!(row(&sheet(&mut book, "parameters"), 1), ["t:tz", "t:Europe/Berlin"]);
        let accounting = sheet(&mut book, "accounting");
        assert_eq!(row(&accounting, 1), ["t:lines.total", "n:40"]);
        assert_eq!(row(&accounting, 2), ["t:lines.blank", "n:1"]);
        let definitions = sheet(&mut book, "definitions");
        let keys: Vec<String> =
            (1..definitions.height()).map(|it| row(&definitions, it)[0].clone()).collect();
        let expected = ["agent", "calls", "rejection_rate", "flag", "consistent", "talk_p50_ms", "last_at"];
        for key in expected.iter().chain(&["lines.total", "lines.blank", "evidence"]) {
            assert!(keys.contains(&format!("t:{key}")), "{key}");
        }
        let rate = row(&definitions, 1 + keys.iter().position(|it| it == "t:rejection_rate").unwrap());
        assert_eq!(rate[1..4], ["t:Rejection rate", "t:share, 0 to 1", rate[3].as_str()]);
        assert_eq!(rate[3], "t:`rejected` / `resolved`; missing where `resolved` is 0.");
    }

    #[test]
    fn the_summary_says_what_was_read_and_what_is_not_known() {
        let mut book = read(bytes(&ordinary()));
        let summary = sheet(&mut book, "summary");
        let lines: Vec<Vec<String>> = (0..summary.height()).map(|it| row(&summary, it)).collect();
        let line = |label: &str| {
            let found: Vec<&str> =
                lines.iter().filter(|it| it[0] == label).map(|it| it[1].as_str()).collect();
            found.join("|")
        };
        assert_eq!(line("t:Answer"), "t:callsift.kpi/1");
        assert!(line("t:Times").contains("Europe/Berlin"));
        assert_eq!(line("t:Read"), "t:Read 40 lines, the first of 2026-05-24T10:35:18.000+02:00.");
        assert_eq!(line("t:by"), "t:agent, team");
        assert_eq!(line("t:findings"), "t:One agent stands out.");
        assert_eq!(
            line("t:Sheet rows"),
            "t:Incoming calls by agent: 2 rows.|t:Rate: rejected of all resolved calls."
        );
        assert_eq!(line("t:Sheet outgoing"), "t:Outgoing calls: No outgoing calls.");
        assert!(line("t:Note").contains("so that its calls are unrated"));
    }

    #[test]
    fn only_what_was_asked_for() {
        let zone = berlin();
        let columns = ["calls", "agent"].map(str::to_owned);
        let style = Style { section: Some("rows"), columns: &columns, ..style(&zone) };
        let mut out = Vec::new();
        render(&ordinary(), &style, &mut out).unwrap();
        let mut book = read(out);
        assert_eq!(book.sheet_names(), ["summary", "rows", "parameters", "accounting", "definitions"]);
        let rows = sheet(&mut book, "rows");
        assert_eq!(row(&rows, 1), ["n:12", "t:Asha Rao"]);
        assert_eq!(row(&rows, 4), ["n:19", ""], "a number is no place for the word");
    }

    #[test]
    fn what_a_sheet_cannot_hold_is_said() {
        let doc = single(Cell::Count(0));
        let Body::Rows(table) = &doc.parts[0].body else { panic!("rows") };
        let rows = (0..5).map(|it| vec![Cell::Count(it), Cell::Missing]).collect();
        let total = Some(vec![Cell::Missing, Cell::Count(10)]);
        let long = Table { rows, total, ..table.clone() };
        let doc = Document { parts: vec![Part { path: vec!["rows"], body: Body::Rows(long) }], ..doc };
        let zone = berlin();
        let written = |most| read(Book::new(&zone, most).write(&doc, &style(&zone)).unwrap());
        let says = "The first 4 of 5 rows: a sheet holds no more. --format csv or ndjson holds all.";

        let mut book = written(4);
        let found = sheet(&mut book, "rows");
        assert_eq!(row(&found, 4)[0], "n:3");
        assert_eq!(row(&found, 6), ["t:Total", "n:10"]);
        assert_eq!(row(&found, 8)[0], format!("t:{says}"));
        let summary = sheet(&mut book, "summary");
        let lines: Vec<String> = (0..summary.height()).map(|it| row(&summary, it)[1].clone()).collect();
        assert!(lines.contains(&format!("t:5 rows. {says}")), "{lines:?}");

        let mut book = written(5);
        assert_eq!(sheet(&mut book, "rows").height(), 8);
    }

    #[test]
    fn the_longest_table_ends_in_the_last_row_of_a_sheet() {
        // Heading, rows, an empty line, the total, an empty line, the sentence.
        assert_eq!(1 + MOST_ROWS + 4, 1_048_576);
    }

    #[test]
    fn names_of_sheets_are_short_and_unique() {
        let zone = Zone::utc();
        let mut book = Book::new(&zone, 1);
        let long = "an_extraordinarily_long_name_of_a_section";
        for (wanted, expected) in [
            ("kpi_by_agent.outgoing", "kpi_by_agent.outgoing"),
            ("KPI_by_agent.outgoing", "KPI_by_agent.outgoing 2"),
            (long, "an_extraordinarily_long_name_of"),
            (long, "an_extraordinarily_long_name_ 2"),
            ("a[b]:c*d?e/f\\g'h", "a_b__c_d_e_f_g_h"),
            ("History", "History 2"),
            ("", "sheet"),
        ] {
            let name = book.name(wanted);
            assert_eq!(name, expected);
            assert!(name.encode_utf16().count() <= 31);
            book.workbook.add_worksheet().set_name(name).unwrap();
        }
    }

    #[test]
    fn columns_that_are_titled_alike_say_their_keys() {
        let columns = vec![
            column("low_95", "Low", Shown::Always),
            column("low_998", "Low", Shown::Always),
            column("decided_at", "Decided", Shown::Always),
        ];
        let doc = single(Cell::Missing);
        let table = Table { columns, rows: vec![vec![Cell::Missing; 3]], ..Table::default() };
        let doc = Document { parts: vec![Part { path: vec!["rows"], body: Body::Rows(table) }], ..doc };
        let mut book = read(bytes(&doc));
        assert_eq!(
            row(&sheet(&mut book, "rows"), 0),
            ["t:Low [low_95]", "t:Low [low_998]", "t:Decided (Europe/Berlin)"]
        );
    }

    /// A part of a workbook as its XML, by the directory at the end of the archive.
    fn xml(bytes: &[u8], wanted: &str) -> String {
        let number = |at: usize, len: usize| {
            bytes[at..at + len].iter().rev().fold(0_usize, |sum, it| sum << 8 | usize::from(*it))
        };
        let end = bytes.windows(4).rposition(|it| it == b"PK\x05\x06").unwrap();
        let mut at = number(end + 16, 4);
        while bytes[at..].starts_with(b"PK\x01\x02") {
            let (name, extra, comment) = (number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
            if &bytes[at + 46..at + 46 + name] == wanted.as_bytes() {
                let local = number(at + 42, 4);
                let data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
                let packed = &bytes[data..data + number(at + 20, 4)];
                let mut text = String::new();
                let mut unpacked = flate2::read::DeflateDecoder::new(packed);
                std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
                return text;
            }
            at += 46 + name + extra + comment;
        }
        panic!("no {wanted}");
    }

    #[test]
    fn headings_stay_filters_leave_the_total_out_and_rates_have_bars() {
        let xml = xml(&bytes(&ordinary()), "xl/worksheets/sheet2.xml");
        for part in [
            r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
            // Two rows; the total stands in row 5.
            r#"<autoFilter ref="A1:I3"/>"#,
            r#"<conditionalFormatting sqref="C2:C3"><cfRule type="dataBar" priority="1"><dataBar><cfvo type="num" val="0"/><cfvo type="num" val="1"/>"#,
            r#"<ignoredError sqref="A1:I7" numberStoredAsText="1"/>"#,
            // "Zoë Müller" and a margin; "Last call (Europe/Berlin)" has the longest instant below it.
            r#"<col min="1" max="1" width="11.7109375" customWidth="1"/>"#,
            r#"<col min="7" max="7" width="24.7109375" customWidth="1"/>"#,
        ] {
            assert!(xml.contains(part), "{part} is not in\n{xml}");
        }
        assert_eq!(xml.matches("<conditionalFormatting ").count(), 1);
        assert!(!xml.contains("<f>"));
        // The total is bold: another style than that of the numbers above it.
        let style = |cell: &str| {
            let rest = xml.split(&format!("<c r=\"{cell}\" s=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        assert_eq!(style("B2"), style("B3"));
        assert_ne!(style("B2"), style("B5"));
    }

    #[test]
    fn a_share_is_shown_with_one_decimal_unless_that_would_round_twice() {
        let formats = |part, whole| xml(&bytes(&single(Cell::share(part, whole))), "xl/styles.xml");
        let is_in = |text: &str, format: &str| text.contains(&format!("formatCode=\"{format}\""));
        assert!(is_in(&formats(1, 3), "0.0 %") && !is_in(&formats(1, 3), "0.0000 %"));
        // 50.04995 %: the six decimals are 0.500500, of which one decimal would make 50.1 %.
        assert!(is_in(&formats(501, 1001), "0.0000 %") && !is_in(&formats(501, 1001), "0.0 %"));
    }
}
