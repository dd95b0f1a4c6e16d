//! The hours at which nobody is planned.

use super::*;

#[test]
fn hours_for_which_nobody_is_planned_are_told() {
    let plan = with_rules("").of_tasks(None, NOW);
    let start = NOW.date().midnight().assume_utc();
    let days = |hours: std::ops::Range<i64>| {
        let spans: Vec<_> = (0..7)
            .map(|day| support_calendars::Span {
                from: start + Duration::hours(24 * day + hours.start),
                until: start + Duration::hours(24 * day + hours.end),
            })
            .collect();
        Quarters::within(&spans, start)
    };
    let speaks = |hours| Staffed {
        profile: Profile::new(vec![("en".parse().unwrap(), 5)], Vec::new()),
        hours,
    };
    let open = |_: Option<&Queue>| days(8..20);
    let whole = prove(&plan, &[speaks(days(8..14)), speaks(days(13..20))], open);
    assert_eq!(whole.gaps, []);
    let short = prove(&plan, &[speaks(days(8..14)), speaks(days(15..20))], open);
    let lengths: Vec<_> = short.gaps.iter().map(|gap| gap.hours.length()).collect();
    assert!(!lengths.is_empty());
    assert!(
        lengths.iter().all(|length| *length == Duration::hours(7)),
        "{lengths:?}"
    );
    let told = simulate::consequences(&whole, &short, NOW.date());
    let gap = told.iter().find(|told| told.after.contains("7:00 hours")).unwrap();
    assert!(gap.after.ends_with("first on 2026-03-02 at 14:00 UTC"), "{}", gap.after);
    assert!(gap.fare.is_some());
    let as_before = simulate::consequences(&short, &short, NOW.date());
    assert!(as_before.iter().all(|told| told.fare.is_none()));
    // Of whom there is nobody at all is told, and not of the hours too.
    let nobody = prove(&plan, &[], open);
    assert_eq!(nobody.gaps, []);
    assert!(nobody.unserved.iter().all(|unserved| unserved.is_for_ever));
}
