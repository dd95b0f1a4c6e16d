//! Names of persons as they are needed: in a letter, in a list, as initials. By the patterns of CLDR (UTS #35, part 8).
//!
//! How somebody wants to be addressed is theirs to say and stands in the display name, which nothing here replaces. This is for
//! where that does not do: a list sorted by surname, a salutation, two letters on a round button.
//!
//! The patterns are those of ICU4X's data. Its formatter is not used: it neither drops the punctuation of a part that is missing
//! nor writes capitals.

mod pattern;
mod rules;

use icu_properties::CodePointMapData;
use icu_properties::props::Script;

use crate::tag::Tag;
use pattern::{Kind, Pattern};
use rules::Rules;

/// The parts of a name. What there is not is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Dr., Ms, さん.
    pub title: String,
    /// The given name; who has one name alone has it here.
    pub given: String,
    /// What friends say.
    pub given_informal: String,
    /// Further given names, or a patronymic.
    pub given2: String,
    /// `von`, `de la`.
    pub surname_prefix: String,
    /// The surname without its prefix.
    pub surname: String,
    /// A second surname, as in Spanish.
    pub surname2: String,
    /// jr., III.
    pub generation: String,
    /// M.D., Ph.D.
    pub credentials: String,
    /// Whose name it is: the language it comes from, where it is known.
    pub language: Option<Tag>,
}

impl std::fmt::Debug for Person {
    /// Nothing: it is somebody's name.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Person").finish_non_exhaustive()
    }
}

/// Which comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the language of the name has it.
    OfName,
    /// The given name.
    GivenFirst,
    /// The surname.
    SurnameFirst,
    /// As it is sorted: `von Fischer, Paul`.
    Sorting,
}

/// What a name is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To speak of somebody.
    Referring,
    /// To speak to somebody.
    Addressing,
    /// Initials.
    Monogram,
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Which comes first.
    pub order: Order,
    /// How long it is.
    pub length: super::Length,
    /// What it is for.
    pub usage: Use,
    /// Whether among friends.
    pub is_informal: bool,
}

/// A name as readers of `tag` write it; none where there is neither a given name nor a surname.
#[must_use]
pub fn written(tag: &Tag, person: &Person, manner: Manner) -> Option<String> {
    let script = [&person.surname, &person.given]
        .into_iter()
        .find_map(|name| script_of(name))?;
    let of_name = rules::of_name(person.language.as_ref(), script);
    let of_reader = rules::maximized(tag.identifier());
    // A name in letters that the reader's language is not written in is written as in its own.
    let of_rules = if rules::goes_with(of_reader.script, of_name.script) {
        &of_reader
    } else {
        &of_name
    };
    let rules = Rules::load(of_rules)?;
    let order = match manner.order {
        Order::OfName => rules.order(&of_name),
        order => order,
    };
    let pattern = rules
        .patterns(order, manner.length, manner.usage, manner.is_informal)
        .iter()
        .map(|pattern| Pattern::parse(pattern))
        .collect::<Option<Vec<Pattern>>>()?
        .into_iter()
        // The most parts that there are, and then the fewest that there are not; the first of those that are alike.
        .rev()
        .max_by_key(|pattern| pattern.fits(person))?;
    let text = pattern.write(person, &rules);
    Some(rules.spaced(&text, of_rules, &of_name))
}

/// The script of the first letter.
fn script_of(name: &str) -> Option<Script> {
    let scripts = CodePointMapData::<Script>::new();
    name.chars()
        .map(|character| scripts.get(character))
        .find(|script| !matches!(*script, Script::Common | Script::Inherited | Script::Unknown))
}

impl Person {
    /// A part; none where it is empty.
    fn part(&self, kind: Kind) -> Option<String> {
        let or = |first: &str, second: &str| {
            if first.is_empty() {
                second.to_owned()
            } else {
                first.to_owned()
            }
        };
        let text = match kind {
            Kind::Title => self.title.clone(),
            Kind::Given => self.given.clone(),
            Kind::GivenInformal => or(&self.given_informal, &self.given),
            Kind::Given2 => self.given2.clone(),
            Kind::Surname if self.surname_prefix.is_empty() => self.surname.clone(),
            Kind::Surname => format!("{} {}", self.surname_prefix, self.surname),
            Kind::SurnamePrefix => self.surname_prefix.clone(),
            Kind::SurnameCore => self.surname.clone(),
            Kind::Surname2 => self.surname2.clone(),
            Kind::Generation => self.generation.clone(),
            Kind::Credentials => self.credentials.clone(),
        };
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests;
