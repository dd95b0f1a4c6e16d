-- How texts come to be: drafts, and the sets in which they are published.

-- The texts of all languages at one moment. What a set holds in a locale is the catalogue with the highest version up to it.
create table message_sets (
    number bigint primary key
        constraint message_sets_number_positive check (number >= 1),
    -- 1 approved drafts, 2 published directly, 3 shipped with the software, 4 an older set again.
    kind smallint not null
        constraint message_sets_kind_known check (kind between 1 and 4),
    published_at timestamptz not null,
    -- The subject of the passport; of a service for the texts that come with it.
    published_by text not null,
    note text not null
        constraint message_sets_note_length check (length(note) <= 500),
    -- The older set whose texts this one holds again.
    rolled_back_to bigint
        constraint message_sets_rolled_back_to_exists references message_sets (number),
    constraint message_sets_rolled_back_to_older check (rolled_back_to < number),
    constraint message_sets_roll_back_says_where check ((kind = 4) = (rolled_back_to is not null))
);

-- One row: sets are numbered one after another, by who holds it.
create table message_set_head (
    is_head boolean primary key default true
        constraint message_set_head_one check (is_head),
    -- 0 where nothing was ever published.
    number bigint not null
        constraint message_set_head_not_negative check (number >= 0)
);

alter table catalogue_versions disable trigger catalogue_versions_immutable;
alter table catalogue_versions add column set_number bigint
    constraint catalogue_versions_set_exists references message_sets (number);

-- Every publishing of before was one of its own.
with numbered as (
    select version.locale, version.version, version.published_at, version.published_by,
           row_number() over (order by version.published_at, version.locale, version.version) as number,
           coalesce((select bool_and(message.is_shipped) from messages message
                     where message.locale = version.locale and message.version = version.version), true) as is_shipped
    from catalogue_versions version
), sets as (
    insert into message_sets (number, kind, published_at, published_by, note)
    select number, case when is_shipped then 3 else 2 end, published_at, published_by, '' from numbered
)
update catalogue_versions version set set_number = numbered.number
from numbered where numbered.locale = version.locale and numbered.version = version.version;

insert into message_set_head (number) select coalesce(max(number), 0) from message_sets;

alter table catalogue_versions alter column set_number set not null;
alter table catalogue_versions add constraint catalogue_versions_one_in_a_set unique (set_number, locale);
alter table catalogue_versions enable trigger catalogue_versions_immutable;

-- A version without a text takes the message away: an older set did not have it.
alter table messages alter column pattern drop not null;
alter table messages add column source_hash bytea
    constraint messages_source_hash_length check (length(source_hash) = 32);
-- The author where it is known; the approver where somebody approved it.
alter table messages add column author text;
alter table messages add column approver text;

-- What a translation of before was made from is what the source said when it was published.
alter table messages disable trigger messages_immutable;
update messages message set source_hash = sha256(convert_to(source.pattern, 'UTF8'))
from catalogue_versions version, locales origin, messages source
where version.locale = message.locale and version.version = message.version
  and origin.is_default and message.locale <> origin.tag
  and source.locale = origin.tag and source.key = message.key
  and source.version = (
      select max(earlier.version) from messages earlier
      join catalogue_versions published on published.locale = earlier.locale and published.version = earlier.version
      where earlier.locale = origin.tag and earlier.key = message.key and published.set_number < version.set_number
  );
alter table messages enable trigger messages_immutable;

create trigger message_sets_immutable before update or delete or truncate on message_sets
    for each statement execute function refuse_change();

-- Words in the making: one draft for a message and locale at a time. It goes when it is published or thrown away.
create table message_drafts (
    locale text not null
        constraint message_drafts_locale_exists references locales (tag),
    key text collate "C" not null
        constraint message_drafts_key_form check (key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$' and length(key) <= 200),
    -- 2 draft, 3 in review, 4 approved: numbers of support.localisation.v1.MessageState.
    state smallint not null
        constraint message_drafts_state_known check (state between 2 and 4),
    -- Rises with every change.
    revision bigint not null
        constraint message_drafts_revision_positive check (revision >= 1),
    pattern text not null
        constraint message_drafts_pattern_length check (length(pattern) between 1 and 10000),
    -- SHA-256 of the source text it was made from; none in the source language and where there is no source text yet.
    source_hash bytea
        constraint message_drafts_source_hash_length check (length(source_hash) = 32),
    -- Subjects of passports.
    author text not null,
    approver text
        constraint message_drafts_approver_when_approved check ((approver is not null) = (state = 4)),
    changed_at timestamptz not null,
    -- What the reviewer had to say.
    comment text not null default ''
        constraint message_drafts_comment_length check (length(comment) <= 1000),
    constraint message_drafts_key primary key (locale, key)
);
