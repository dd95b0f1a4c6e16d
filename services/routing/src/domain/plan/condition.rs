//! For which tasks a rule is: a condition in CEL over what a task says of itself.
//!
//! Of CEL there is so much that a condition can never fail, and that it can be told of any of them whether a task exists for which
//! it holds: words and texts compared for being equal, being in a list, and beginning alike, and what follows from those by `!`,
//! `&&`, `||` and `? :`. A condition can thus only tell apart as many values of a word as it mentions, and one more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use cel::context::VariableResolver;
use cel::{Context, IdedExpr, Program, Value};

use crate::domain::{AgentId, Area, Attributes, Cause, Channel, Language, Named, ProductLine, Segment, Severity};

/// Brackets, and what else stands within itself, no deeper than this.
const MOST_NESTED: usize = 20;
/// No value of a word contains it: stands for all values that are not mentioned.
const OTHER: &str = "~";

/// A text that is no condition, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotACondition(String);

fn fault<T>(fault: impl Into<String>) -> Result<T, NotACondition> {
    Err(NotACondition(fault.into()))
}

/// What a word that stands for a text may say.
enum Said {
    /// Anything.
    Anything,
    /// One of these; empty where nothing is known.
    OneOf(Vec<&'static str>),
}

/// What a word may say; none where it stands for no text.
fn said_by(word: &str) -> Option<Said> {
    fn all<T: Copy + 'static>(values: &[T], name: fn(T) -> &'static str) -> Said {
        Said::OneOf(
            std::iter::once("")
                .chain(values.iter().map(|value| name(*value)))
                .collect(),
        )
    }
    Some(match word {
        "channel" => all(Channel::ALL, Channel::as_str),
        "product_line" => all(ProductLine::ALL, ProductLine::as_str),
        "severity" => all(Severity::ALL, Severity::as_str),
        "area" => all(Area::ALL, Area::as_str),
        "segment" => all(Segment::ALL, Segment::as_str),
        "cause" => all(Cause::ALL, Cause::as_str),
        "language" | "country" | "region" | "model" => Said::Anything,
        _ => return None,
    })
}

fn is_flag(word: &str) -> bool {
    matches!(word, "has_last_agent" | "has_account_manager")
}

/// A condition.
#[derive(Clone)]
pub struct Condition {
    source: Box<str>,
    /// None where it holds for all.
    program: Option<Arc<Program>>,
    mentioned: Mentioned,
}

/// The words that conditions mention, each with what they hold it against: of a text the texts, of a flag nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentioned(BTreeMap<String, BTreeSet<String>>);

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Condition").field(&self.source).finish()
    }
}

/// What is known of a task, by the words of conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<&'static str, Fact>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fact {
    Text(Arc<String>),
    Flag(bool),
}

impl Facts {
    /// Those of a task.
    #[must_use]
    pub fn of(attributes: &Attributes, named: &Named) -> Self {
        let text = |text: &str| Fact::Text(Arc::new(text.to_owned()));
        let known = |word: Option<&'static str>| text(word.unwrap_or_default());
        Self(BTreeMap::from([
            ("channel", text(attributes.channel.as_str())),
            ("language", text(attributes.language.primary())),
            (
                "country",
                text(attributes.country.as_ref().map_or("", |country| country.as_str())),
            ),
            ("region", text(&attributes.region)),
            ("product_line", known(attributes.product_line.map(ProductLine::as_str))),
            ("model", text(&attributes.model)),
            ("severity", text(attributes.severity.as_str())),
            ("area", known(attributes.area.map(Area::as_str))),
            ("segment", known(attributes.segment.map(Segment::as_str))),
            ("cause", text(attributes.cause.as_str())),
            ("has_last_agent", Fact::Flag(named.last_agent.is_some())),
            ("has_account_manager", Fact::Flag(named.account_manager.is_some())),
        ]))
    }

    /// A task of which this is known, and whether it names somebody; of words that no condition mentions, whatever.
    #[must_use]
    pub fn task(&self, somebody: Option<AgentId>) -> (Attributes, Named) {
        let text = |word: &str| match self.0.get(word) {
            Some(Fact::Text(text)) => text.as_str(),
            _ => "",
        };
        let named = |word: &str| somebody.filter(|_| self.0.get(word) == Some(&Fact::Flag(true)));
        // What stands for all languages that are not mentioned is no language; whoever asks must see to it.
        let language = text("language").parse().unwrap_or_else(|_| Language::any());
        let attributes = Attributes {
            product_line: ProductLine::from_name(text("product_line")),
            model: text("model").to_owned(),
            severity: Severity::from_name(text("severity")).unwrap_or(Severity::Normal),
            area: Area::from_name(text("area")),
            country: text("country").parse().ok(),
            region: text("region").to_owned(),
            segment: Segment::from_name(text("segment")),
            cause: Cause::from_name(text("cause")).unwrap_or(Cause::Opened),
            ..Attributes::new(Channel::from_name(text("channel")).unwrap_or(Channel::Phone), language)
        };
        let named = Named {
            last_agent: named("has_last_agent"),
            account_manager: named("has_account_manager"),
        };
        (attributes, named)
    }

    fn set(&mut self, word: &str, value: &str) {
        let known = self.0.iter_mut().find(|(known, _)| **known == word);
        if let Some((_, fact)) = known {
            *fact = match fact {
                Fact::Text(_) => Fact::Text(Arc::new(value.to_owned())),
                Fact::Flag(_) => Fact::Flag(value == "true"),
            };
        }
    }
}

impl VariableResolver for Facts {
    fn resolve(&self, word: &str) -> Option<Value> {
        Some(match self.0.get(word)? {
            Fact::Text(text) => Value::String(Arc::clone(text)),
            Fact::Flag(flag) => Value::Bool(*flag),
        })
    }
}

/// The functions of CEL, made once.
static FUNCTIONS: LazyLock<Context<'static>> = LazyLock::new(Context::default);

impl Condition {
    /// The one that holds for all tasks.
    #[must_use]
    pub fn always() -> Self {
        Self {
            source: Box::default(),
            program: None,
            mentioned: Mentioned::default(),
        }
    }

    /// Reads a condition; what is empty holds for all tasks.
    ///
    /// # Errors
    ///
    /// Where the text is no CEL, or asks for more than conditions may, with what is wrong.
    pub fn parse(source: &str) -> Result<Self, NotACondition> {
        if source.trim().is_empty() {
            return Ok(Self::always());
        }
        check_letters(source)?;
        let program = Program::compile(source).map_err(|errors| {
            let first = errors.errors.first();
            NotACondition(first.map_or_else(
                || "is no CEL".to_owned(),
                |error| format!("is no CEL at character {}: {}", error.pos.1.max(0) + 1, error.msg),
            ))
        })?;
        let mut mentioned = Mentioned::default();
        check(program.expression(), &mut mentioned, 0)?;
        Ok(Self {
            source: source.into(),
            program: Some(Arc::new(program)),
            mentioned,
        })
    }

    /// Its text; empty where it holds for all.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds for a task of which this is known.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        let Some(program) = &self.program else {
            return true;
        };
        let mut context = FUNCTIONS.new_inner_scope();
        context.set_variable_resolver(facts);
        matches!(program.execute(&context), Ok(Value::Bool(true)))
    }

    /// The words it mentions.
    #[must_use]
    pub fn mentioned(&self) -> &Mentioned {
        &self.mentioned
    }
}

impl Mentioned {
    /// What both mention.
    pub fn add(&mut self, other: &Self) {
        for (word, texts) in &other.0 {
            self.0.entry(word.clone()).or_default().extend(texts.iter().cloned());
        }
    }

    /// How many tasks the conditions that mention these can tell apart at the most.
    #[must_use]
    pub fn kinds(&self) -> usize {
        let values = self.0.iter().map(|(word, texts)| values(word, texts).len());
        values.fold(1, usize::saturating_mul)
    }

    /// One task of each kind that the conditions that mention these can tell apart.
    pub fn each_kind(&self) -> impl Iterator<Item = Facts> + '_ {
        let values: Vec<(&str, Vec<String>)> = self
            .0
            .iter()
            .map(|(word, texts)| (word.as_str(), values(word, texts)))
            .collect();
        let somebody = Attributes::new(Channel::Phone, Language::any());
        let facts = Facts::of(&somebody, &Named::default());
        (0..self.kinds()).map(move |number| {
            let (mut facts, mut number) = (facts.clone(), number);
            for (word, values) in &values {
                facts.set(word, &values[number % values.len()]);
                number /= values.len();
            }
            facts
        })
    }
}

/// The values of a word that conditions which mention these texts can tell apart. A text of which `t` is the longest beginning that is
/// mentioned is, unless it is mentioned itself, held against everything with the same outcome as `t~`.
fn values(word: &str, texts: &BTreeSet<String>) -> Vec<String> {
    if is_flag(word) {
        return ["false", "true"].map(str::to_owned).to_vec();
    }
    if let Some(Said::OneOf(all)) = said_by(word) {
        return all.into_iter().map(str::to_owned).collect();
    }
    let beginnings = texts.iter().map(|text| format!("{text}{OTHER}"));
    let others = [String::new(), OTHER.to_owned()];
    let values: BTreeSet<String> = texts.iter().cloned().chain(beginnings).chain(others).collect();
    values.into_iter().collect()
}

/// What an expression comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
}

/// Before CEL reads it: no letters that could trouble it, and nothing too deep.
fn check_letters(source: &str) -> Result<(), NotACondition> {
    if let Some(letter) = source
        .chars()
        .find(|letter| !matches!(letter, ' '..='~' | '\n') || *letter == '~')
    {
        return fault(format!("contains the character {letter:?}"));
    }
    let mut depth = 0_usize;
    let mut deepest = 0;
    for letter in source.chars() {
        match letter {
            '(' | '[' | '{' | '?' | '!' | '-' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MOST_NESTED {
        return fault("stands too deep within itself");
    }
    Ok(())
}

/// Says what an expression comes to, and notes what it mentions.
fn check(expression: &IdedExpr, mentioned: &mut Mentioned, depth: usize) -> Result<(), NotACondition> {
    match kind(expression, mentioned, depth)? {
        Kind::Flag => Ok(()),
        Kind::Text => fault("is a text, and neither true nor false"),
    }
}

fn kind(expression: &IdedExpr, mentioned: &mut Mentioned, depth: usize) -> Result<Kind, NotACondition> {
    if depth > 10 * MOST_NESTED {
        return fault("stands too deep within itself");
    }
    match &expression.expr {
        Expr::Ident(word) if is_flag(word) => {
            mentioned.0.entry(word.clone()).or_default();
            Ok(Kind::Flag)
        }
        Expr::Ident(word) if said_by(word).is_some() => Ok(Kind::Text),
        Expr::Ident(word) => fault(format!("nothing is known by the word `{word}`")),
        Expr::Literal(LiteralValue::Boolean(_)) => Ok(Kind::Flag),
        Expr::Literal(LiteralValue::String(_)) => Ok(Kind::Text),
        Expr::Call(call) => call_kind(call, mentioned, depth),
        _ => fault("may only compare words with texts"),
    }
}

fn call_kind(call: &CallExpr, mentioned: &mut Mentioned, depth: usize) -> Result<Kind, NotACondition> {
    match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, None, all) => {
            for one in all {
                check(one, mentioned, depth + 1)?;
            }
        }
        (operators::LOGICAL_NOT, None, [one]) => check(one, mentioned, depth + 1)?,
        (operators::CONDITIONAL, None, [condition, one, other]) => {
            for one in [condition, one, other] {
                check(one, mentioned, depth + 1)?;
            }
        }
        (operators::EQUALS | operators::NOT_EQUALS, None, [one, other]) => match (text(one), text(other)) {
            (Some(text), None) => mention(other, text, true, mentioned)?,
            (None, Some(text)) => mention(one, text, true, mentioned)?,
            _ => {
                for one in [one, other] {
                    if kind(one, mentioned, depth + 1)? == Kind::Text {
                        return fault("a word is held against a text, not against another word");
                    }
                }
            }
        },
        (operators::IN, None, [one, list]) => {
            let Expr::List(list) = &list.expr else {
                return fault("`in` is followed by a list of texts");
            };
            for element in &list.elements {
                match text(element) {
                    Some(text) => mention(one, text, true, mentioned)?,
                    None => return fault("`in` is followed by a list of texts"),
                }
            }
            if list.elements.is_empty() {
                return fault("`in` is followed by a list of texts");
            }
        }
        ("startsWith", Some(one), [beginning]) => match text(beginning) {
            Some(text) => mention(one, text, false, mentioned)?,
            None => return fault("`startsWith` is followed by a text"),
        },
        (name, _, _) => {
            let name = name.trim_matches(['_', '@']);
            return fault(format!("`{name}` is not among what conditions may say"));
        }
    }
    Ok(Kind::Flag)
}

fn text(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// A word is held against a text, whole or as its beginning.
fn mention(word: &IdedExpr, text: &str, is_whole: bool, mentioned: &mut Mentioned) -> Result<(), NotACondition> {
    let Expr::Ident(word) = &word.expr else {
        return fault("a text is held against a word");
    };
    match said_by(word) {
        None if is_flag(word) => return fault(format!("`{word}` is true or false, and no text")),
        None => return fault(format!("nothing is known by the word `{word}`")),
        Some(Said::OneOf(all)) if is_whole && !all.contains(&text) => {
            return fault(format!("`{word}` is never \"{text}\""));
        }
        Some(_) => {}
    }
    if text.contains(OTHER) {
        return fault(format!("contains the character '{OTHER}'"));
    }
    mentioned.0.entry(word.clone()).or_default().insert(text.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests;
