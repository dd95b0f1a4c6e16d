-- What the recipient of a code read can be found again: with the keys of its subject line and its text, localisation knows what
-- stood in these catalogues at these versions. Null where nothing was sent, or it went without words.
alter table deliveries
    add column subject_locale text,
    add column subject_version bigint,
    add column body_locale text,
    add column body_version bigint,
    add constraint deliveries_text_whole check (
        num_nulls(subject_locale, subject_version, body_locale, body_version) in (0, 4)
    ),
    add constraint deliveries_text_of_sent check (body_locale is null or state = 'sent');
