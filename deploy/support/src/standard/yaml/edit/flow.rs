//! Collections in flow style: rewritten from the pieces of their members, with the spaces that stood between these.

use serde_json::Value;

use super::common::common;
use super::{CannotUpdate, Editor, style_of};
use crate::standard::yaml::write::{Style, inline, json, text};
use crate::standard::yaml::{Node, Says, Shape};

/// The longest line that stays on one line.
const LINE: usize = 100;

/// Whether a collection in flow style, in the midst of block style, may stay one: it is not made from nothing, and what it
/// says then still fits on a line where it did.
pub(super) fn is_apt(node: &Node, new: &Value, source: &str) -> bool {
    let (begun, many) = match &node.says {
        Says::Map { entries, .. } => (!entries.is_empty(), new.as_object().is_some_and(|new| !new.is_empty())),
        Says::List { items, .. } => (!items.is_empty(), new.as_array().is_some_and(|new| !new.is_empty())),
        Says::Scalar { .. } => (false, false),
    };
    let fits = source[node.span.clone()].contains('\n') || new.to_string().len() < LINE;
    begun && many && fits
}

impl Editor<'_> {
    /// A node within flow style, saying `new`.
    pub(super) fn flow(&self, node: &Node, shape: &Shape, old: &Value, new: &Value) -> Result<String, CannotUpdate> {
        if old == new {
            return Ok(self.text[node.span.clone()].to_owned());
        }
        match (&node.says, old, new) {
            (Says::Map { entries, .. }, Value::Object(before), Value::Object(after)) if !entries.is_empty() => {
                let mut pieces = Vec::new();
                let mut kept = Vec::new();
                for entry in entries {
                    let name = shape.name(&entry.key).into_owned();
                    if let Some(new) = after.get(&name) {
                        let old = before.get(&name).unwrap_or(&Value::Null);
                        let value = self.flow(&entry.value, &shape.under(&name), old, new)?;
                        // With what stands between: `"key": `.
                        let head = &self.text[entry.key_span.start..entry.value.span.start];
                        let gap = if head.ends_with(':') { " " } else { "" };
                        pieces.push(format!("{head}{gap}{value}"));
                        kept.push(name);
                    }
                }
                for key in shape.ordered(after) {
                    if !kept.contains(key) && before.get(key) != after.get(key) {
                        let value = json(&after[key], &shape.under(key), self.style);
                        pieces.push(format!("{}: {value}", text(key, self.style)));
                    }
                }
                let spans = entries.iter().map(|entry| entry.key_span.start..entry.value.span.end);
                self.joined(node, &spans.collect::<Vec<_>>(), &pieces)
            }
            (Says::List { items, .. }, Value::Array(before), Value::Array(after))
                if !items.is_empty() && items.len() == before.len() =>
            {
                let within = shape.within();
                let pairwise =
                    before.len() == after.len() && after.iter().any(|value| value.is_object() || value.is_array());
                let same = common(before, after);
                let pieces = after
                    .iter()
                    .enumerate()
                    .map(|(place, new)| {
                        if pairwise {
                            return self.flow(&items[place], &within, &before[place], new);
                        }
                        Ok(match same.iter().find(|(_, after)| *after == place) {
                            Some((before, _)) => self.text[items[*before].span.clone()].to_owned(),
                            None => json(new, &within, self.style),
                        })
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let spans: Vec<_> = items.iter().map(|item| item.span.clone()).collect();
                self.joined(node, &spans, &pieces)
            }
            _ => self.anew(node, shape, new),
        }
    }

    /// A node written anew.
    fn anew(&self, node: &Node, shape: &Shape, new: &Value) -> Result<String, CannotUpdate> {
        self.without_comments(node, &[])?;
        let style = style_of(node, self.style);
        Ok(match new {
            Value::Object(_) | Value::Array(_) => json(new, shape, self.style),
            // Within flow style more letters mean something.
            Value::String(string) if style == Style::Plain && string.contains([',', '[', ']', '{', '}', '\n']) => {
                inline(new, shape, 0, Style::Double)
            }
            _ => inline(
                new,
                shape,
                0,
                if new.is_string() && style == Style::Plain {
                    self.style
                } else {
                    style
                },
            ),
        })
    }

    /// The pieces between the brackets of `node`, spaced as its `members` are.
    fn joined(
        &self,
        node: &Node,
        members: &[std::ops::Range<usize>],
        pieces: &[String],
    ) -> Result<String, CannotUpdate> {
        self.without_comments(node, members)?;
        let span = &node.span;
        let (open, close) = (&self.text[span.start..=span.start], &self.text[span.end - 1..span.end]);
        if pieces.is_empty() {
            return Ok(format!("{open}{close}"));
        }
        let (Some(first), Some(last)) = (members.first(), members.last()) else {
            return Ok(format!("{open}{}{close}", pieces.join(", ")));
        };
        let before = &self.text[span.start + 1..first.start];
        let between = match members {
            [first, second, ..] => &self.text[first.end..second.start],
            _ if before.contains('\n') => &format!(",{before}"),
            _ => ", ",
        };
        let after = self.text[last.end..span.end - 1].trim_start_matches(',');
        Ok(format!("{open}{before}{}{after}{close}", pieces.join(between)))
    }

    /// Refuses where comments stand in the node and in none of its members: they would be lost.
    fn without_comments(&self, node: &Node, members: &[std::ops::Range<usize>]) -> Result<(), CannotUpdate> {
        let lost = self
            .comments
            .iter()
            .filter(|comment| comment.start >= node.span.start && comment.start < node.span.end)
            .any(|comment| !members.iter().any(|member| member.contains(&comment.start)));
        if lost {
            return Err(CannotUpdate {
                at: node.at,
                why: "has comments between its brackets, which would be lost: write it with a line for each entry",
            });
        }
        Ok(())
    }
}
