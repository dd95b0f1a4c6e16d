//! Notifications as they are read: an e-mail of paragraphs, in plain text and HTML, or an SMS.

use std::fmt::Write as _;

use support_proto::support::localisation::v1::{Direction, RenderedText};
use support_words::catalogue::{Arguments, Day, Money, Value};
use support_words::client::NoWords;

use crate::domain::happening::Track;
use crate::domain::ids::NotificationId;
use crate::domain::sms;
use crate::store::notifications::{Recipient, Telling, Told};
use crate::words::{CatalogueVersion, Text, Words, one_line};

/// A message that tells things, and what is written down of it.
#[derive(Debug)]
pub struct Letter {
    /// The message.
    pub text: Text,
    /// The message of the catalogue that is the subject, and where its words came from; none of an SMS.
    pub subject: Option<(String, CatalogueVersion)>,
    /// What it tells.
    pub told: Vec<Told>,
    /// What it leaves out, as something later says more.
    pub overtaken: Vec<NotificationId>,
}

/// One thing that is told.
struct Said {
    told: Told,
    text: RenderedText,
    more: Option<RenderedText>,
}

impl Letter {
    /// An e-mail that tells all of `tellings` that nothing later has overtaken, in their order. None where there is nothing
    /// to tell.
    ///
    /// # Errors
    ///
    /// Where there are no words.
    pub fn mail(words: &Words, to: &Recipient, tellings: &[Telling]) -> Result<Option<Self>, NoWords> {
        let (kept, overtaken) = latest(tellings);
        let Some(last) = kept.last() else {
            return Ok(None);
        };
        let said = kept
            .iter()
            .map(|telling| say(words, to, telling, true))
            .collect::<Result<Vec<_>, _>>()?;
        // The last thing that happened is what it is about.
        let subject = words.text(&last.subject_key, &to.languages, &arguments(words, to, last))?;
        let frame = Arguments::from([
            ("name".to_owned(), Value::Text(to.name.display.clone())),
            ("product".to_owned(), Value::Text(words.product_name().to_owned())),
        ]);
        let greeting = words.text(&to.greeting_key, &to.languages, &frame)?;
        let closing = words.text(&to.closing_key, &to.languages, &frame)?;
        let mut paragraphs = vec![&greeting];
        for said in &said {
            paragraphs.extend([Some(&said.text), said.more.as_ref()].into_iter().flatten());
        }
        paragraphs.push(&closing);
        let subject_line = one_line(&subject.text);
        let body = paragraphs.iter().map(|text| text.text.as_str()).collect::<Vec<_>>();
        Ok(Some(Self {
            text: Text {
                html: (!to.plain_text_only).then(|| html(&subject_line, &greeting, &paragraphs)),
                subject: subject_line,
                body: body.join("\n\n") + "\n",
                language: greeting.locale.clone(),
                is_right_to_left: is_right_to_left(&greeting),
                origin: None,
            },
            subject: Some((last.subject_key.clone(), CatalogueVersion::from(&subject))),
            told: said.into_iter().map(|said| said.told).collect(),
            overtaken,
        }))
    }

    /// An SMS that tells as many of the last of `tellings` as fit into [`sms::SEGMENTS`], at least one. None where there is
    /// nothing to tell.
    ///
    /// # Errors
    ///
    /// Where there are no words.
    pub fn sms(words: &Words, to: &Recipient, tellings: &[Telling]) -> Result<Option<Self>, NoWords> {
        let (kept, mut overtaken) = latest(tellings);
        let mut body = String::new();
        let mut language = None;
        let mut told = Vec::new();
        for telling in kept.into_iter().rev() {
            let said = say(words, to, telling, false)?;
            let text = sms::written(&said.text.text, is_right_to_left(&said.text));
            let longer = if body.is_empty() {
                text
            } else {
                format!("{text} {body}")
            };
            if !told.is_empty() && sms::segments(&longer) > sms::SEGMENTS {
                overtaken.push(telling.id);
                continue;
            }
            body = longer;
            language.get_or_insert((said.text.locale.clone(), is_right_to_left(&said.text)));
            told.push(said.told);
        }
        Ok(language.map(|(language, is_right_to_left)| Self {
            text: Text {
                subject: String::new(),
                body,
                html: None,
                language,
                is_right_to_left,
                origin: None,
            },
            subject: None,
            told,
            overtaken,
        }))
    }
}

/// What nothing later has overtaken, and the ids of the rest.
fn latest(tellings: &[Telling]) -> (Vec<&Telling>, Vec<NotificationId>) {
    let mut kept: Vec<&Telling> = Vec::new();
    let mut overtaken = Vec::new();
    for (place, telling) in tellings.iter().enumerate() {
        let track = telling.kind.track();
        let is_overtaken = track != Track::None
            && tellings[place + 1..]
                .iter()
                .any(|later| later.kind.track() == track && later.about == telling.about);
        if is_overtaken {
            overtaken.push(telling.id);
        } else {
            kept.push(telling);
        }
    }
    (kept, overtaken)
}

fn say(words: &Words, to: &Recipient, telling: &Telling, with_more: bool) -> Result<Said, NoWords> {
    let arguments = arguments(words, to, telling);
    let text = words.text(&telling.text_key, &to.languages, &arguments)?;
    let more = telling.more_key.as_ref().filter(|_| with_more);
    let more = more.map(|key| words.text(key, &to.languages, &arguments)).transpose()?;
    Ok(Said {
        told: Told {
            id: telling.id,
            text: CatalogueVersion::from(&text),
            more: more.as_ref().map(CatalogueVersion::from),
        },
        text,
        more,
    })
}

/// The values that the messages of a notification may take.
fn arguments(words: &Words, to: &Recipient, telling: &Telling) -> Arguments {
    let facts = &telling.facts;
    let text = |text: &String| Value::Text(text.clone());
    let amount = telling
        .amount
        .as_ref()
        .and_then(|(currency, minor)| Money::new(currency, *minor));
    let day = telling
        .day
        .and_then(|day| Day::new(day.year(), i32::from(u8::from(day.month())), i32::from(day.day())));
    // The text of another message, as it is in the reader's language.
    let plan = facts.plan_name_key.as_ref().and_then(|key| {
        let name = words.text(key, &to.languages, &Arguments::new()).ok()?;
        Some(Value::Text(name.text))
    });
    [
        ("case_number", facts.case_number.as_ref().map(text)),
        // What a customer knows a repair by is the number of its case.
        ("repair_reference", facts.case_number.as_ref().map(text)),
        ("place", facts.place.as_ref().map(text)),
        ("plan", plan),
        ("amount", amount.map(Value::Money)),
        ("day", day.map(Value::Day)),
        (
            "address",
            telling.changed.as_ref().map(|contact| Value::Text(contact.masked())),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn is_right_to_left(text: &RenderedText) -> bool {
    text.direction() == Direction::RightToLeft
}

/// A page that a screen reader reads in the right voice and from the right side: the language and the direction stand on the whole, and
/// on each paragraph that is in another language. No images, no styles, nothing that is fetched from anywhere.
fn html(subject: &str, whole: &RenderedText, paragraphs: &[&RenderedText]) -> String {
    let direction = |text: &RenderedText| if is_right_to_left(text) { "rtl" } else { "ltr" };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n</head>\n\
         <body lang=\"{lang}\" dir=\"{dir}\">\n",
        lang = escaped(&whole.locale),
        dir = direction(whole),
        title = escaped(subject),
    );
    for text in paragraphs {
        let place = if text.locale == whole.locale {
            String::new()
        } else {
            format!(" lang=\"{}\" dir=\"{}\"", escaped(&text.locale), direction(text))
        };
        let lines = escaped(&text.text).replace('\n', "<br>\n");
        // Writing into a string does not fail.
        let _ = writeln!(page, "<p{place}>{lines}</p>");
    }
    page + "</body>\n</html>\n"
}

/// Text that stands in HTML for itself, between tags or in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(locale: &str, direction: Direction, text: &str) -> RenderedText {
        RenderedText {
            text: text.to_owned(),
            locale: locale.to_owned(),
            direction: direction.into(),
            ..RenderedText::default()
        }
    }

    #[test]
    fn html_says_which_language_it_is_and_from_which_side_it_is_read() {
        let greeting = text("ar", Direction::RightToLeft, "مرحباً <b>");
        let english = text("en", Direction::LeftToRight, "One\n\"two\"");
        let page = html("a < b", &greeting, &[&greeting, &english]);
        assert!(
            page.starts_with("<!DOCTYPE html>\n<html lang=\"ar\" dir=\"rtl\">"),
            "{page}"
        );
        assert!(page.contains("<title>a &lt; b</title>"), "{page}");
        assert!(page.contains("<p>مرحباً &lt;b&gt;</p>"), "{page}");
        assert!(
            page.contains("<p lang=\"en\" dir=\"ltr\">One<br>\n&quot;two&quot;</p>"),
            "{page}"
        );
    }
}
