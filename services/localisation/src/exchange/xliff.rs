//! XLIFF 2.0 (OASIS): a unit for each message, the words as text, everything else protected as codes.
//!
//! A message is cut into its words and what is no words: placeholders, markup, declarations, the frame of its forms. Words
//! and codes put together are the pattern, verbatim, so that nothing is lost whatever a tool does between them; a
//! translator who adds a plural form writes it as MessageFormat 2 like the words around it.

mod cut;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use self::cut::{Piece, cut};
use super::{File, Progress, ReadFile, ReadUnit, Unreadable};
use crate::domain::text::source_hash;

const NAMESPACE: &str = "urn:oasis:names:tc:xliff:document:2.0";

pub(super) fn write(file: &File) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<xliff xmlns=\"{NAMESPACE}\" version=\"2.0\" srcLang=\"{}\" trgLang=\"{}\">",
        attribute(&file.source_locale),
        attribute(&file.locale)
    );
    xml.push_str(" <file id=\"messages\" canResegment=\"no\" xml:space=\"preserve\">\n");
    for unit in &file.units {
        let source = cut(&unit.source);
        let target = unit.target.as_deref().map(cut);
        let mut codes = Codes::default();
        let source = codes.content(&source, None);
        let target = target.map(|pieces| codes.content(&pieces, Some(source.1.clone())).0);
        let key = attribute(&unit.key);
        let _ = writeln!(xml, "  <unit id=\"{key}\" name=\"{key}\">");
        if !codes.data.is_empty() {
            xml.push_str("   <originalData>\n");
            for (number, data) in codes.data.iter().enumerate() {
                let _ = write!(xml, "    <data id=\"d{}\" xml:space=\"preserve\">", number + 1);
                write_text(&mut xml, data);
                xml.push_str("</data>\n");
            }
            xml.push_str("   </originalData>\n");
        }
        let state = match unit.progress {
            Progress::Initial => "initial",
            Progress::Translated => "translated",
            Progress::Reviewed => "reviewed",
            Progress::Final => "final",
        };
        let _ = write!(
            xml,
            "   <segment id=\"s\" state=\"{state}\">\n    <source>{}</source>\n",
            source.0
        );
        if let Some(target) = target {
            let _ = writeln!(xml, "    <target>{target}</target>");
        }
        xml.push_str("   </segment>\n  </unit>\n");
    }
    xml.push_str(" </file>\n</xliff>\n");
    xml
}

/// The codes of a unit.
#[derive(Default)]
struct Codes {
    /// The text of each, once.
    data: Vec<String>,
    /// How many stand in the unit.
    count: usize,
}

impl Codes {
    /// The content of a source or a target, and the numbers of its codes by their text. A code of the target that the source has too
    /// goes by the same number.
    fn content(
        &mut self,
        pieces: &[Piece<'_>],
        source: Option<BTreeMap<String, Vec<usize>>>,
    ) -> (String, BTreeMap<String, Vec<usize>>) {
        let mut xml = String::new();
        let mut of_source = source.unwrap_or_default();
        let mut own: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for piece in pieces {
            match piece {
                Piece::Words(words) => write_text(&mut xml, words),
                Piece::Code(code) => {
                    let known = of_source.get_mut(*code).filter(|numbers| !numbers.is_empty());
                    let number = known.map_or_else(
                        || {
                            self.count += 1;
                            self.count
                        },
                        |numbers| numbers.remove(0),
                    );
                    own.entry((*code).to_owned()).or_default().push(number);
                    let data = self.data.iter().position(|data| data == code).unwrap_or_else(|| {
                        self.data.push((*code).to_owned());
                        self.data.len() - 1
                    });
                    let _ = write!(xml, "<ph id=\"{number}\" canCopy=\"yes\" dataRef=\"d{}\"/>", data + 1);
                }
            }
        }
        (xml, own)
    }
}

/// Whether XML 1.0 can hold a character at all.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn write_text(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A parser would make a line feed of it.
            '\r' => xml.push_str("&#13;"),
            character if is_xml(character) => xml.push(character),
            character => drop(write!(xml, "<cp hex=\"{:04X}\"/>", u32::from(character))),
        }
    }
}

fn attribute(text: &str) -> String {
    let mut xml = String::new();
    write_text(&mut xml, text);
    xml.replace('"', "&quot;")
}

/// What of a unit has been read.
#[derive(Default)]
struct ReadingUnit {
    key: String,
    data: BTreeMap<String, String>,
    source: String,
    target: String,
    /// Whether every segment that is to be translated has its target.
    is_translated: bool,
    has_segments: bool,
    /// Whether a segment's state is `initial`.
    is_initial: bool,
}

/// What of a segment has been read.
#[derive(Default)]
struct ReadingSegment {
    is_ignorable: bool,
    is_initial: bool,
    source: String,
    target: Option<String>,
}

/// Where text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Into {
    Nothing,
    Data,
    Source,
    Target,
}

struct Reading {
    locale: Option<String>,
    units: Vec<ReadUnit>,
    unit: Option<ReadingUnit>,
    segment: Option<ReadingSegment>,
    into: Into,
    data_id: String,
    /// What the closing half of each open pair of codes says.
    closing: Vec<String>,
}

pub(super) fn read(text: &str) -> Result<ReadFile, Unreadable> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut reading = Reading {
        locale: None,
        units: Vec::new(),
        unit: None,
        segment: None,
        into: Into::Nothing,
        data_id: String::new(),
        closing: Vec::new(),
    };
    let mut is_xliff = false;
    loop {
        let at = format!("byte {}", reader.buffer_position());
        let broken = |what: &str| Unreadable::malformed(what, at.clone());
        let event = reader.read_event().map_err(|error| broken(&error.to_string()))?;
        match event {
            Event::Eof => break,
            Event::Start(start) => {
                if start.local_name().as_ref() == "xliff" {
                    let version = value(&start, "version").unwrap_or_default();
                    if !version.starts_with("2.") {
                        return Err(broken("no xliff 2"));
                    }
                    reading.locale = value(&start, "trgLang");
                    is_xliff = true;
                } else {
                    reading.start(&start).map_err(|what| broken(&what))?;
                }
            }
            Event::End(end) => reading.end(end.local_name().as_ref()),
            Event::Text(words) => reading.push(&words.xml10_content()),
            Event::CData(words) => reading.push(&words.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| broken("no character"))?;
                let named = match character {
                    Some(character) => character.to_string(),
                    None => match reference.xml10_content().as_ref() {
                        "amp" => "&".to_owned(),
                        "lt" => "<".to_owned(),
                        "gt" => ">".to_owned(),
                        "quot" => "\"".to_owned(),
                        "apos" => "'".to_owned(),
                        // Entities of its own are what a file must not have: they can grow without end.
                        _ => return Err(broken("unknown entity")),
                    },
                };
                reading.push(&named);
            }
            Event::DocType(_) => return Err(broken("a document type")),
            _ => {}
        }
    }
    if !is_xliff || reading.unit.is_some() {
        return Err(Unreadable::malformed("no xliff 2", "its end"));
    }
    Ok(ReadFile {
        locale: reading.locale,
        units: reading.units,
    })
}

impl Reading {
    fn push(&mut self, text: &str) {
        let place = match self.into {
            Into::Nothing => None,
            Into::Data => self.unit.as_mut().and_then(|unit| unit.data.get_mut(&self.data_id)),
            Into::Source => self.segment.as_mut().map(|segment| &mut segment.source),
            Into::Target => self.segment.as_mut().and_then(|segment| segment.target.as_mut()),
        };
        if let Some(place) = place {
            place.push_str(text);
        }
    }

    /// What a code stands for.
    fn push_code(&mut self, start: &BytesStart<'_>, reference: &str) -> Result<(), String> {
        let code = self.code(start, reference)?;
        self.push(&code);
        Ok(())
    }

    fn code(&self, start: &BytesStart<'_>, reference: &str) -> Result<String, String> {
        let id = value(start, reference).ok_or("a code without its original data")?;
        let unit = self.unit.as_ref().ok_or("a code outside of a unit")?;
        unit.data
            .get(&id)
            .cloned()
            .ok_or_else(|| format!("no original data {id}"))
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name();
        match name.as_ref() {
            "unit" => {
                let key = value(start, "name")
                    .or_else(|| value(start, "id"))
                    .ok_or("a unit without a name")?;
                self.unit = Some(ReadingUnit {
                    key,
                    is_translated: true,
                    ..ReadingUnit::default()
                });
            }
            "data" => {
                self.data_id = value(start, "id").ok_or("data without an id")?;
                let unit = self.unit.as_mut().ok_or("data outside of a unit")?;
                unit.data.insert(self.data_id.clone(), String::new());
                self.into = Into::Data;
            }
            "segment" | "ignorable" => {
                self.segment = Some(ReadingSegment {
                    is_ignorable: name.as_ref() == "ignorable",
                    // `initial` is also what a segment without a state is in, but then nobody says so.
                    is_initial: value(start, "state").as_deref() == Some("initial"),
                    ..ReadingSegment::default()
                });
            }
            "source" if self.segment.is_some() => self.into = Into::Source,
            "target" if self.segment.is_some() => {
                self.into = Into::Target;
                if let Some(segment) = self.segment.as_mut() {
                    segment.target = Some(String::new());
                }
            }
            "ph" | "sc" | "ec" => self.push_code(start, "dataRef")?,
            "pc" => {
                self.push_code(start, "dataRefStart")?;
                let closing = self.code(start, "dataRefEnd")?;
                self.closing.push(closing);
            }
            "cp" => {
                let code = value(start, "hex").and_then(|hex| u32::from_str_radix(&hex, 16).ok());
                let character = code.and_then(char::from_u32).ok_or("no character")?;
                self.push(&character.to_string());
            }
            // Notes, metadata, what modules add; what is marked is text like any other.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "data" | "source" | "target" => self.into = Into::Nothing,
            "pc" => {
                let closing = self.closing.pop().unwrap_or_default();
                self.push(&closing);
            }
            "segment" | "ignorable" => {
                let (Some(unit), Some(segment)) = (self.unit.as_mut(), self.segment.take()) else {
                    return;
                };
                unit.has_segments = true;
                unit.is_initial |= segment.is_initial;
                unit.source.push_str(&segment.source);
                match segment.target {
                    Some(target) => unit.target.push_str(&target),
                    None if segment.is_ignorable => unit.target.push_str(&segment.source),
                    None => unit.is_translated = false,
                }
            }
            "unit" => {
                let Some(unit) = self.unit.take() else { return };
                self.units.push(ReadUnit {
                    key: unit.key,
                    made_from: unit.has_segments.then(|| source_hash(&unit.source)),
                    target: (unit.is_translated && !unit.target.is_empty()).then_some(unit.target),
                    is_initial: unit.is_initial,
                });
            }
            _ => {}
        }
    }
}

fn value(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?;
    Some(value.into_owned())
}
