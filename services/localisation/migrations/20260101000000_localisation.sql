-- The locales, their messages, and what is known.

-- Which locales there are is part of the software: a new one comes with a migration.
create table locales (
    -- BCP 47, canonical.
    tag text primary key
        constraint locales_tag_form check (tag ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    -- The name in itself.
    native_name text not null
        constraint locales_native_name_length check (length(native_name) between 1 and 100),
    english_name text not null
        constraint locales_english_name_length check (length(english_name) between 1 and 100),
    is_right_to_left boolean not null default false,
    -- The source that the others are translated from, and where every chain of fallbacks ends.
    is_default boolean not null default false,
    -- The version of what is published; 0 where nothing ever was.
    catalogue_version bigint not null default 0
        constraint locales_catalogue_version_not_negative check (catalogue_version >= 0)
);

create unique index locales_one_default on locales (is_default) where is_default;

insert into locales (tag, native_name, english_name, is_right_to_left, is_default) values
    ('ar', 'العربية', 'Arabic', true, false),
    ('de', 'Deutsch', 'German', false, false),
    ('en', 'English', 'English', false, true),
    ('es', 'español', 'Spanish', false, false),
    ('ja', '日本語', 'Japanese', false, false),
    ('zh-Hans', '简体中文', 'Simplified Chinese', false, false);

-- Every publishing there ever was.
create table catalogue_versions (
    locale text not null
        constraint catalogue_versions_locale_exists references locales (tag),
    version bigint not null
        constraint catalogue_versions_version_positive check (version >= 1),
    -- What the event of the publishing is about.
    id uuid not null
        constraint catalogue_versions_id_unique unique,
    published_at timestamptz not null,
    -- The subject of the passport; of a service for the texts that come with it.
    published_by text not null,
    constraint catalogue_versions_key primary key (locale, version)
);

-- Every text there ever was. The catalogue of a locale at version v holds, for each key, the text with the highest
-- version up to v: so a publishing writes only what it changes, and any older set can still be read.
create table messages (
    locale text not null,
    key text not null
        constraint messages_key_form check (key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$' and length(key) <= 200),
    version bigint not null,
    -- Unicode MessageFormat 2.
    pattern text not null
        constraint messages_pattern_length check (length(pattern) between 1 and 10000),
    -- Whether the text came with the software. Such a text is renewed by newer software; one that somebody published
    -- never is.
    is_shipped boolean not null,
    constraint messages_key primary key (locale, key, version),
    constraint messages_version_exists foreign key (locale, version) references catalogue_versions (locale, version)
);

-- What is published stays as it is.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name
        using errcode = 'restrict_violation', constraint = tg_table_name || '_immutable';
end
$$;

create trigger catalogue_versions_immutable before update or delete or truncate on catalogue_versions
    for each statement execute function refuse_change();
create trigger messages_immutable before update or delete or truncate on messages
    for each statement execute function refuse_change();

create table articles (
    id uuid primary key,
    slug text collate "C" not null
        constraint articles_slug_unique unique
        constraint articles_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100),
    -- 1 everybody, 2 partners and staff, 3 staff alone: whoever may read n may read all below.
    audience smallint not null
        constraint articles_audience_known check (audience between 1 and 3),
    -- Numbers of support.types.v1.ProductLine; empty for all.
    product_lines smallint[] not null
        constraint articles_product_lines_whole check (array_position(product_lines, null) is null)
);

-- Every version of an article's text in every language it ever had.
create table article_texts (
    article_id uuid not null
        constraint article_texts_article_exists references articles (id),
    language text not null
        constraint article_texts_language_exists references locales (tag),
    version bigint not null
        constraint article_texts_version_positive check (version >= 1),
    title text not null
        constraint article_texts_title_length check (length(title) between 1 and 200),
    published_at timestamptz not null,
    published_by text not null,
    constraint article_texts_key primary key (article_id, language, version)
);

create table article_blocks (
    article_id uuid not null,
    language text not null,
    version bigint not null,
    -- From 1, without gaps.
    place integer not null
        constraint article_blocks_place_positive check (place >= 1),
    -- A number of support.localisation.v1.BlockKind.
    kind smallint not null
        constraint article_blocks_kind_known check (kind between 1 and 4),
    body text not null
        constraint article_blocks_body_length check (length(body) between 1 and 5000),
    constraint article_blocks_key primary key (article_id, language, version, place),
    constraint article_blocks_text_exists foreign key (article_id, language, version)
        references article_texts (article_id, language, version)
);

create trigger article_texts_immutable before update or delete or truncate on article_texts
    for each statement execute function refuse_change();
create trigger article_blocks_immutable before update or delete or truncate on article_blocks
    for each statement execute function refuse_change();
