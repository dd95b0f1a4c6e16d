//! Brings what a file says up to date where it stands: values that differ are written anew, what is new is added, what is
//! gone is taken out; everything else, and every comment, stays as it is.
//!
//! Changes are collected as spans of the old text with what they become, and made all at once at the end. Each keeps to
//! the lines of what it is about: what is taken out goes with the line break before it, what is added begins with one, so
//! that no two changes meet.

mod common;
mod flow;

use std::fmt::Write as _;
use std::ops::Range;

use common::common;
use granit_parser::ScalarStyle;
use serde_json::{Map, Value};

use super::write::{STEP, Style, block, field_lines, inline, item_lines};
use super::{Entry, Mark, Node, Says, Shape, Tree};

/// A value cannot be changed without touching what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CannotUpdate {
    pub(crate) at: Mark,
    pub(crate) why: &'static str,
}

/// The text with the value of `place` saying `new` where it said `old`. Both are in canonical form, so what the file spells
/// in another way, or leaves out, counts as the same and stays. `strict` writes as JSON alone allows.
pub(crate) fn update(
    text: &str,
    tree: &Tree,
    place: &Entry,
    shape: &Shape,
    (old, new): (&Value, &Value),
    strict: bool,
) -> Result<String, CannotUpdate> {
    let mut editor = Editor {
        text,
        comments: &tree.comments,
        newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
        style: if strict { Style::Double } else { Style::Plain },
        changes: Vec::new(),
    };
    if matches!(tree.root.says, Says::Map { flow: true, .. }) {
        let said = editor.flow(&place.value, shape, old, new)?;
        editor.change(place.value.span.clone(), said);
    } else {
        let spot = Spot {
            head: editor.after_colon(place),
            indent: editor.column(place.key_span.start),
        };
        editor.node(&place.value, spot, shape, old, new)?;
    }
    Ok(editor.finish())
}

/// Where a node in block style stands.
#[derive(Debug, Clone, Copy)]
struct Spot {
    /// The end of what it follows: the colon or the dash.
    head: usize,
    /// How far to the right that stands to which it belongs.
    indent: usize,
}

struct Editor<'t> {
    text: &'t str,
    comments: &'t [Range<usize>],
    newline: &'static str,
    style: Style,
    /// These bytes become that.
    changes: Vec<(Range<usize>, String)>,
}

impl Editor<'_> {
    fn finish(mut self) -> String {
        // What is added at a place comes before what is taken out there; of several additions the first asked for is first.
        self.changes.sort_by_key(|(span, _)| (span.start, span.end));
        let mut text = String::with_capacity(self.text.len());
        let mut done = 0;
        for (span, new) in self.changes {
            text.push_str(&self.text[done..span.start]);
            text.push_str(&new);
            done = span.end;
        }
        text.push_str(&self.text[done..]);
        text
    }

    fn change(&mut self, span: Range<usize>, new: impl AsRef<str>) {
        self.changes.push((span, new.as_ref().replace('\n', self.newline)));
    }

    fn node(&mut self, node: &Node, spot: Spot, shape: &Shape, old: &Value, new: &Value) -> Result<(), CannotUpdate> {
        if old == new {
            return Ok(());
        }
        match (&node.says, old, new) {
            (Says::Map { flow: false, entries }, Value::Object(old), Value::Object(new)) => {
                self.map(node, entries, spot, shape, old, new)
            }
            (Says::List { flow: false, items }, Value::Array(old), Value::Array(new)) if items.len() == old.len() => {
                self.list(node, items, spot, shape, old, new)
            }
            (Says::Map { flow: true, .. } | Says::List { flow: true, .. }, _, new)
                if flow::is_apt(node, new, self.text) =>
            {
                let said = self.flow(node, shape, old, new)?;
                self.change(node.span.clone(), said);
                Ok(())
            }
            _ => {
                self.replace(node, spot, shape, new);
                Ok(())
            }
        }
    }

    fn map(
        &mut self,
        node: &Node,
        entries: &[Entry],
        spot: Spot,
        shape: &Shape,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) -> Result<(), CannotUpdate> {
        let names: Vec<_> = entries.iter().map(|entry| shape.name(&entry.key)).collect();
        let members: Vec<Member> = entries
            .iter()
            .zip(&names)
            .map(|(entry, name)| Member {
                span: entry.key_span.start..entry.value.span.end.max(self.after_colon(entry)),
                stays: new.contains_key(name.as_ref()),
            })
            .collect();
        if !self.can_take_out(&members) {
            self.replace(node, spot, shape, &Value::Object(new.clone()));
            return Ok(());
        }
        let indent = self.column(members[0].span.start);
        for (entry, name) in entries.iter().zip(&names) {
            if let Some(new) = new.get(name.as_ref()) {
                let spot = Spot {
                    head: self.after_colon(entry),
                    indent,
                };
                let old = old.get(name.as_ref()).unwrap_or(&Value::Null);
                self.node(&entry.value, spot, &shape.under(name), old, new)?;
            }
        }
        self.take_out(&members);
        let mut last = None;
        for key in shape.ordered(new) {
            let known = names.iter().position(|name| name.as_ref() == key);
            if known.is_some() {
                last = known;
            } else if old.get(key) != new.get(key) {
                // After the one that it follows in order. What would come first comes last: above the first stand the words
                // that belong to that.
                let after = staying(&members, last.unwrap_or(members.len() - 1));
                self.insert_after(after, &field_lines(key, &new[key], shape, indent, &mut None));
            }
        }
        Ok(())
    }

    fn list(
        &mut self,
        node: &Node,
        items: &[Node],
        spot: Spot,
        shape: &Shape,
        old: &[Value],
        new: &[Value],
    ) -> Result<(), CannotUpdate> {
        let within = shape.within();
        // Things that have parts are taken to be the same ones where there are as many.
        if old.len() == new.len() && new.iter().any(|value| value.is_object() || value.is_array()) {
            for (item, (old, new)) in items.iter().zip(old.iter().zip(new)) {
                let dash = self.dash(item);
                let spot = Spot {
                    head: dash + 1,
                    indent: self.column(dash),
                };
                self.node(item, spot, &within, old, new)?;
            }
            return Ok(());
        }
        let kept = common(old, new);
        let members: Vec<Member> = items
            .iter()
            .enumerate()
            .map(|(place, item)| Member {
                span: self.dash(item)..item.span.end.max(self.dash(item) + 1),
                stays: kept.iter().any(|(before, _)| *before == place),
            })
            .collect();
        if !self.can_take_out(&members) {
            self.replace(node, spot, shape, &Value::Array(new.to_vec()));
            return Ok(());
        }
        let indent = self.column(members[0].span.start);
        self.take_out(&members);
        for (place, value) in new.iter().enumerate() {
            if kept.iter().any(|(_, after)| *after == place) {
                continue;
            }
            let lines = item_lines(value, &within, indent, &mut None);
            if let Some((before, _)) = kept.iter().rev().find(|(_, after)| *after < place) {
                self.insert_after(&members[*before], &lines);
            } else {
                // In the place of the first one's dash: the comments above it stay above.
                let start = members[kept[0].0].span.start;
                self.change(start..start, format!("{}{}", lines.trim_start(), " ".repeat(indent)));
            }
        }
        Ok(())
    }

    /// Whether something stays, and what goes has its lines to itself.
    fn can_take_out(&self, members: &[Member]) -> bool {
        members.iter().any(|member| member.stays)
            && members.iter().all(|member| {
                let before = &self.text[self.line_start(member.span.start)..member.span.start];
                member.stays || before.trim().is_empty()
            })
    }

    /// Takes out the lines of what goes, except the comments in them.
    fn take_out(&mut self, members: &[Member]) {
        for member in members.iter().filter(|member| !member.stays) {
            let start = self.line_start(member.span.start);
            let end = self.line_end(member.span.end);
            let kept = self.comment_lines(start..end, member.span.start - start);
            // With the line break before it, of one letter or two.
            let line_before = &self.text[..start];
            let before = line_before
                .strip_suffix("\r\n")
                .or_else(|| line_before.strip_suffix('\n'));
            self.change(before.map_or(start, str::len)..end, kept);
        }
    }

    fn insert_after(&mut self, member: &Member, lines: &str) {
        let end = self.reach(member.span.end, self.column(member.span.start));
        self.change(end..end, format!("\n{}", lines.trim_end_matches('\n')));
    }

    /// Writes a node anew. What stands behind its key or dash as a comment stays there; comments within it stay on lines of
    /// their own.
    fn replace(&mut self, node: &Node, spot: Spot, shape: &Shape, new: &Value) {
        let inner = spot.indent + STEP;
        let head_end = self.line_end(spot.head);
        let end = self.line_end(node.span.end.max(spot.head));
        let beside = if node.span.start > head_end {
            self.text[spot.head..head_end].to_owned()
        } else if node.span.end <= head_end {
            self.text[node.span.end.max(spot.head)..head_end].to_owned()
        } else {
            let comments = self.comments.iter();
            let first = comments
                .clone()
                .find(|comment| (spot.head..head_end).contains(&comment.start));
            first.map_or(String::new(), |comment| format!(" {}", &self.text[comment.clone()]))
        };
        // Below a text, and as far to the right, a comment would be part of it: those that follow count as within.
        let far = self.reach(end, spot.indent);
        let (end, said) = if let Some(below) = block(new, shape, inner, &mut None) {
            let kept = self.comment_lines(head_end..far, inner);
            (far, format!("{beside}{kept}\n{}", below.trim_end_matches('\n')))
        } else {
            let value = inline(new, shape, inner, style_of(node, self.style));
            if let Some((sign, lines)) = value.split_once('\n') {
                let kept = self.comment_lines(head_end..far, spot.indent);
                (far, format!(" {sign}{beside}\n{lines}{kept}"))
            } else {
                let kept = self.comment_lines(head_end..end, inner);
                (end, format!(" {value}{beside}{kept}"))
            }
        };
        self.change(spot.head..end, said);
    }

    /// The end of what ends at `at`, with the comments below it that stand further to the right than `indent`.
    fn reach(&self, at: usize, indent: usize) -> usize {
        let mut end = self.line_end(at);
        for comment in self
            .comments
            .iter()
            .skip_while(|comment| comment.start < self.line_end(at))
        {
            let between = &self.text[end..comment.start];
            if !between.trim().is_empty() || self.column(comment.start) <= indent {
                break;
            }
            end = self.line_end(comment.start);
        }
        end
    }

    /// The comments within these bytes, each as a line with its line break before it.
    fn comment_lines(&self, span: Range<usize>, indent: usize) -> String {
        let mut lines = String::new();
        for comment in self.comments.iter().filter(|comment| span.contains(&comment.start)) {
            let comment = self.text[comment.clone()].trim_end();
            let _ = write!(lines, "\n{:indent$}{comment}", "");
        }
        lines
    }

    /// The end of an entry's colon.
    fn after_colon(&self, entry: &Entry) -> usize {
        let after = entry.key_span.end;
        after + self.text[after..].find(':').map_or(0, |at| at + 1)
    }

    /// The dash before an item.
    fn dash(&self, item: &Node) -> usize {
        let mut end = item.span.start;
        loop {
            let before = self.text[..end].trim_end();
            // There may be a comment between the dash and what it is of.
            match self.comments.iter().rfind(|comment| comment.end == before.len()) {
                Some(comment) => end = comment.start,
                None => return before.len().saturating_sub(1),
            }
        }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of the line at `at`, without what ends it.
    fn line_end(&self, at: usize) -> usize {
        let end = at + self.text[at..].find('\n').unwrap_or(self.text.len() - at);
        if end > at && self.text[at..end].ends_with('\r') {
            end - 1
        } else {
            end
        }
    }

    fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }
}

/// An entry or an item, as far as taking it out and adding beside it goes.
struct Member {
    /// From its key or dash to its end.
    span: Range<usize>,
    stays: bool,
}

/// A member that stays: the one at `place`, else the next above it, else the first. There is one.
fn staying(members: &[Member], place: usize) -> &Member {
    let above = members[..=place].iter().rfind(|member| member.stays);
    above
        .or_else(|| members.iter().find(|member| member.stays))
        .unwrap_or(&members[place])
}

/// How a scalar is written that takes the place of this one: in the same quotes.
fn style_of(node: &Node, style: Style) -> Style {
    match (&node.says, style) {
        (_, Style::Double) => Style::Double,
        (Says::Scalar { style, .. }, _) if *style == ScalarStyle::SingleQuoted => Style::Single,
        (Says::Scalar { style, .. }, _) if *style == ScalarStyle::DoubleQuoted => Style::Double,
        _ => Style::Plain,
    }
}

#[cfg(test)]
mod tests;
