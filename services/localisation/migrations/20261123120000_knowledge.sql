-- Articles in depth: what they are, how their texts come to be, what came of them.

-- How often what is read and found has changed. Whoever publishes raises it and holds its row until the end, so that the
-- numbers become visible in their order: a replica that has seen n asks for what is above n and misses nothing.
create table knowledge_state (
    only_row boolean primary key default true
        constraint knowledge_state_one_row check (only_row),
    change bigint not null default 0
        constraint knowledge_state_change_not_negative check (change >= 0)
);
insert into knowledge_state default values;

alter table articles
    -- A number of support.localisation.v1.ArticleKind.
    add column kind smallint not null default 1
        constraint articles_kind_known check (kind between 1 and 4),
    add column products text[] not null default '{}'
        constraint articles_products_whole check (array_position(products, null) is null),
    add column symptoms text[] not null default '{}'
        constraint articles_symptoms_whole check (array_position(symptoms, null) is null),
    add column owner text not null default ''
        constraint articles_owner_length check (length(owner) <= 200),
    add column review_on date,
    -- The language that the others are translated from.
    add column source_language text
        constraint articles_source_language_exists references locales (tag),
    add column retired_at timestamptz,
    -- The number of knowledge_state at which it last changed.
    add column change bigint not null default 0
        constraint articles_change_not_negative check (change >= 0);

create index articles_by_change on articles (change);

-- The default language where an article has it, else the one it first had.
update articles set source_language = coalesce(
    (select language from article_texts join locales on tag = language
     where article_id = articles.id and is_default limit 1),
    (select language from article_texts where article_id = articles.id order by published_at, language limit 1),
    (select tag from locales where is_default)
);
alter table articles alter column source_language set not null;

alter table article_texts
    -- SHA-256 of what it says: the title, and of each block an RS, the kind, a US and the words.
    add column content_hash bytea,
    -- That of the source it was translated from; none for the source itself, and where it is not known.
    add column source_hash bytea
        constraint article_texts_source_hash_length check (octet_length(source_hash) = 32),
    add column source_version bigint,
    -- The subject; empty where nobody had to.
    add column approved_by text not null default '';

-- What is there already is given its digest, and as its source the one that stood when it was published.
alter table article_texts disable trigger article_texts_immutable;
update article_texts set content_hash = sha256(convert_to(title || coalesce((
    select string_agg(E'\x1e' || kind || E'\x1f' || body, '' order by place) from article_blocks as block
    where block.article_id = article_texts.article_id and block.language = article_texts.language
      and block.version = article_texts.version
), ''), 'UTF8'));
update article_texts set source_hash = source.content_hash, source_version = source.version
from articles, article_texts as source
where articles.id = article_texts.article_id
  and article_texts.language <> articles.source_language
  and source.article_id = articles.id and source.language = articles.source_language
  and source.version = (
      select max(version) from article_texts as former
      where former.article_id = articles.id and former.language = articles.source_language
        and former.published_at <= article_texts.published_at
  );
alter table article_texts enable trigger article_texts_immutable;
alter table article_texts
    alter column content_hash set not null,
    add constraint article_texts_content_hash_length check (octet_length(content_hash) = 32),
    add constraint article_texts_source_exists
        check ((source_hash is null) = (source_version is null));

alter table article_blocks
    drop constraint article_blocks_kind_known,
    add constraint article_blocks_kind_known check (kind between 1 and 7);

-- Texts that are being prepared.
create table article_drafts (
    id uuid primary key,
    slug text collate "C" not null
        constraint article_drafts_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100),
    language text not null
        constraint article_drafts_language_exists references locales (tag),
    -- 1 draft, 2 in review, 3 approved, 4 published, 5 thrown away.
    state smallint not null default 1
        constraint article_drafts_state_known check (state between 1 and 5),
    revision bigint not null default 1
        constraint article_drafts_revision_positive check (revision >= 1),
    title text not null
        constraint article_drafts_title_length check (length(title) between 1 and 200),
    block_kinds smallint[] not null,
    block_bodies text[] not null,
    -- What the article is to be; null where that stays as it is.
    profile jsonb,
    -- The version of the source that it was translated from; null for the source itself.
    source_version bigint,
    -- The subjects of all who have written in it.
    writers text[] not null
        constraint article_drafts_writers_some check (cardinality(writers) >= 1),
    approver text,
    remark text not null default ''
        constraint article_drafts_remark_length check (length(remark) <= 2000),
    published_version bigint,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint article_drafts_blocks_whole
        check (cardinality(block_kinds) = cardinality(block_bodies) and cardinality(block_kinds) between 1 and 200),
    constraint article_drafts_published check ((state = 4) = (published_version is not null)),
    -- Nobody who wrote in it has approved it.
    constraint article_drafts_four_eyes check (approver is null or approver <> all (writers))
);

create unique index article_drafts_one_open on article_drafts (slug, language) where state in (1, 2, 3);
create index article_drafts_by_age on article_drafts (id desc, state);

-- Whether a text was helpful: the last word of each reader. Readers stand here by a digest that is another for every
-- article, so that nobody can be followed from one to the next.
create table article_votes (
    article_id uuid not null
        constraint article_votes_article_exists references articles (id),
    language text not null
        constraint article_votes_language_exists references locales (tag),
    voter bytea not null
        constraint article_votes_voter_length check (octet_length(voter) = 32),
    is_helpful boolean not null,
    voted_at timestamptz not null,
    constraint article_votes_key primary key (article_id, language, voter)
);

-- In which cases it was used.
create table article_uses (
    article_id uuid not null
        constraint article_uses_article_exists references articles (id),
    case_id uuid not null,
    language text not null
        constraint article_uses_language_exists references locales (tag),
    used_by text not null,
    used_at timestamptz not null,
    -- When the case was resolved, as far as it still is.
    resolved_at timestamptz,
    constraint article_uses_key primary key (article_id, case_id)
);
create index article_uses_by_case on article_uses (case_id);

-- Answers offered before a person was needed. The words they answer are not kept.
create table answer_offers (
    id uuid primary key,
    -- The language that the customer reads best.
    language text not null,
    product_line smallint not null,
    -- Who was offered them, as long as a case of theirs can say that it was in vain; null for a visitor.
    customer_id uuid,
    -- Whose offer it is: a digest of the caller.
    owner bytea not null
        constraint answer_offers_owner_length check (octet_length(owner) = 32),
    offered_at timestamptz not null,
    -- 1 ended, 2 not ended; null where nobody said.
    outcome smallint
        constraint answer_offers_outcome_known check (outcome between 1 and 2),
    ended_by uuid,
    told_at timestamptz,
    -- The case that followed; null where none did.
    case_id uuid,
    constraint answer_offers_ended_by check (ended_by is null or outcome = 1),
    constraint answer_offers_told check ((outcome is null) = (told_at is null))
);
create index answer_offers_by_customer on answer_offers (customer_id) where customer_id is not null;

create table answer_offer_articles (
    offer_id uuid not null
        constraint answer_offer_articles_offer_exists references answer_offers (id),
    article_id uuid not null
        constraint answer_offer_articles_article_exists references articles (id),
    language text not null,
    version bigint not null,
    -- From 1, best first.
    place smallint not null
        constraint answer_offer_articles_place_positive check (place >= 1),
    constraint answer_offer_articles_key primary key (offer_id, article_id)
);
create index answer_offer_articles_by_article on answer_offer_articles (article_id, language);
