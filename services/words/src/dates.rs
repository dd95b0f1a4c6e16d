//! Dates and times in messages: in every locale and every calendar of CLDR, from the data that is compiled in.
//!
//! `mf2` would cut the data of each catalogue's dates out of CLDR when it is compiled, and keep them with it: then a
//! catalogue knows the calendars that its messages name, and not the one its reader asks for. Here they come from the
//! program itself, and each thread keeps the formatters that it has built.
//!
//! [`Data`] is no part of what `mf2` promises between versions, for which reason its version is exact.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;

use icu_time::zone::iana::IanaParser;
use mf2::fn_datetime::icu::{AnyCalendar, Data, Icu, Source, Variant, WithZones};
use mf2::fn_datetime::{DateTimeFunction, Plan};
use mf2::{DateTimeOptions, FnContext, FormatError, Sink};

/// How many formatters a thread keeps for a locale: more than all messages have forms of dates.
const KEPT: usize = 64;

/// The years of which every calendar can count the days.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// `:date`.
pub(crate) static DATE: DateTimeFunction<Icu<AnyCalendar, WithZones, Compiled>> = DateTimeFunction::date(Icu::NEW);
/// `:datetime`.
pub(crate) static DATETIME: DateTimeFunction<Icu<AnyCalendar, WithZones, Compiled>> =
    DateTimeFunction::datetime(Icu::NEW);
/// `:time`.
pub(crate) static TIME: DateTimeFunction<Icu<AnyCalendar, WithZones, Compiled>> = DateTimeFunction::time(Icu::NEW);

/// The data that is compiled in.
pub(crate) struct Compiled;

/// A formatter, and the form that it writes.
struct Formatter {
    form: Form,
    built: Box<dyn Any>,
}

/// What tells one formatter of a locale from another; the zone is the value's.
#[derive(PartialEq, Eq)]
struct Form {
    options: DateTimeOptions<'static>,
    calendar: Option<Box<str>>,
}

impl Form {
    fn is(&self, options: &DateTimeOptions<'_>) -> bool {
        self.calendar.as_deref() == options.calendar && self.options == shape(options)
    }
}

/// The options without what is borrowed.
fn shape(options: &DateTimeOptions<'_>) -> DateTimeOptions<'static> {
    let mut shape = DateTimeOptions::NONE;
    shape.date = options.date;
    shape.time = options.time;
    shape.time_zone_style = options.time_zone_style;
    shape.hour12 = options.hour12;
    shape
}

/// The formatters of a locale.
struct Kept {
    locale: Box<str>,
    formatters: VecDeque<Formatter>,
}

/// The formatters of a locale among those that a thread keeps. A locale that is asked for moves one place to the front: what a
/// thread is busy with is found at once, and without a hash.
fn of_locale<'k>(all: &'k mut Vec<Kept>, locale: &str) -> Option<&'k mut VecDeque<Formatter>> {
    let place = if let Some(place) = all.iter().position(|kept| *kept.locale == *locale) {
        let before = place.saturating_sub(1);
        all.swap(place, before);
        before
    } else {
        all.push(Kept {
            locale: locale.into(),
            formatters: VecDeque::new(),
        });
        all.len() - 1
    };
    all.get_mut(place).map(|kept| &mut kept.formatters)
}

thread_local! {
    static FORMATTERS: RefCell<Vec<Kept>> = RefCell::default();
    static ZONES: IanaParser = IanaParser::new().static_to_owned();
}

impl Data for Compiled {
    fn with<R>(
        _context: &FnContext<'_>,
        work: impl FnOnce(Source<'_>) -> Result<R, FormatError>,
    ) -> Result<R, FormatError> {
        work(Source::Compiled(PhantomData))
    }

    fn run<V: Variant>(
        context: &FnContext<'_>,
        plan: &Plan<'_>,
        out: Option<&mut dyn Sink>,
    ) -> Result<(), FormatError> {
        FORMATTERS.with_borrow_mut(|formatters| {
            let locale = context.locale();
            let kept = of_locale(formatters, locale).ok_or(FormatError::UnsupportedOperation)?;
            let found = kept.iter().position(|kept| kept.form.is(plan.options));
            let place = if let Some(place) = found {
                place
            } else {
                let built = V::build(&Source::Compiled(PhantomData), locale, plan.options)?;
                if kept.len() >= KEPT {
                    kept.pop_front();
                }
                kept.push_back(Formatter {
                    form: Form {
                        options: shape(plan.options),
                        calendar: plan.options.calendar.map(Box::from),
                    },
                    built: Box::new(built),
                });
                kept.len() - 1
            };
            let formatter = kept
                .get(place)
                .and_then(|kept| kept.built.downcast_ref::<V::Formatter>())
                .ok_or(FormatError::UnsupportedOperation)?;
            match plan.options.time_zone_style {
                // Nothing can go wrong any more in writing a day of these years, so that it need not be tried before.
                None if out.is_none() && YEARS.contains(&plan.date.year()) => Ok(()),
                Some(_) => ZONES.with(|zones| V::write(formatter, plan, Some(zones), out)),
                None => V::write(formatter, plan, None, out),
            }
        })
    }
}
