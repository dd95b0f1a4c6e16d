-- Families of models, between a product line and its models.
create table product_families (
    id           uuid        primary key,
    -- What it is called in requests.
    family       text        not null constraint product_families_family_key unique
                             constraint product_families_family_form check (family ~ '^[a-z][a-z0-9-]{0,39}$'),
    name         text        not null constraint product_families_name_length check (length(name) between 1 and 100),
    product_line text        not null constraint product_families_product_line_known check (
        product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')
    ),
    created_at   timestamptz not null,
    -- What a model's own line is held against.
    constraint product_families_line_key unique (id, product_line)
);

-- Products can be corrected: decisions hold the facts they were made from.
alter table products
    add column family_id     uuid,
    -- Whose prices of repair it has; empty for none.
    add column price_group   text     not null default ''
                             constraint products_price_group_form check (price_group ~ '^(|[a-z][a-z0-9-]{0,39})$'),
    -- The last day on which the maker sold it; null while it does.
    add column last_sold     date     constraint products_sold_in_order check (last_sold >= release_date),
    -- From when it is vintage and obsolete, where an operator has said so; else the rule of the standard says it.
    add column vintage_from  date     constraint products_vintage_in_order check (
        vintage_from > release_date and (last_sold is null or vintage_from > last_sold)
    ),
    add column obsolete_from date     constraint products_obsolete_in_order check (
        obsolete_from > release_date
        and (last_sold is null or obsolete_from > last_sold)
        and (vintage_from is null or obsolete_from >= vintage_from)
    ),
    -- Counts its changes, 1 for the first.
    add column revision      integer  not null default 1 constraint products_revision_positive check (revision >= 1),
    add constraint products_family_fkey foreign key (family_id, product_line) references product_families (id, product_line);

create index products_by_family on products (family_id, model_code) where family_id is not null;

-- What a model is sold as.
create table product_configurations (
    product_id    uuid     not null constraint product_configurations_product_fkey references products (id),
    configuration text     not null
                           constraint product_configurations_form check (configuration ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
    name          text     not null constraint product_configurations_name_length check (length(name) between 1 and 100),
    -- 0 for the first: they are given in the order in which they were said.
    place         smallint not null constraint product_configurations_place_range check (place >= 0),
    constraint product_configurations_pkey primary key (product_id, configuration),
    constraint product_configurations_place_key unique (product_id, place)
);

-- What a model is made of, as repair sees it.
create table product_components (
    product_id uuid     not null constraint product_components_product_fkey references products (id),
    -- `whole-unit` is what prices call the whole device, so no component has that name.
    component  text     not null constraint product_components_form check (
        component ~ '^[a-z][a-z0-9-]{0,39}$' and component <> 'whole-unit'
    ),
    place      smallint not null constraint product_components_place_range check (place >= 0),
    constraint product_components_pkey primary key (product_id, component),
    constraint product_components_place_key unique (product_id, place)
);

-- The parts that a component is replaced by. Many models may have the same part; what it is in each is said there.
create table product_parts (
    product_id  uuid     not null,
    component   text     not null,
    part_number text     not null constraint product_parts_number_form check (part_number ~ '^[A-Z0-9][A-Z0-9-]{2,39}$'),
    name        text     not null constraint product_parts_name_length check (length(name) between 1 and 100),
    -- Whether it wears in use as it is meant to.
    wears       boolean  not null,
    -- Whether it is there for looks alone.
    cosmetic    boolean  not null,
    place       smallint not null constraint product_parts_place_range check (place >= 0),
    constraint product_parts_pkey primary key (product_id, part_number),
    constraint product_parts_place_key unique (product_id, component, place),
    constraint product_parts_component_fkey foreign key (product_id, component)
        references product_components (product_id, component) on delete cascade
);

create index product_parts_by_number on product_parts (part_number);

-- How each product came to be as it is: all of it, at every change. Rows are added and never changed.
create table product_changes (
    product_id uuid        not null constraint product_changes_product_fkey references products (id),
    revision   integer     not null constraint product_changes_revision_positive check (revision >= 1),
    changed_at timestamptz not null,
    -- `operator:` and the subject of their token.
    changed_by text        not null constraint product_changes_by_given check (changed_by <> ''),
    reason     text        not null constraint product_changes_reason_length check (length(reason) <= 300),
    -- All that the catalogue said of it from then on, as `ProductDetails` names it.
    details    jsonb       not null constraint product_changes_details_object check (jsonb_typeof(details) = 'object'),
    constraint product_changes_pkey primary key (product_id, revision)
);

-- Of products that were there before, the first row.
insert into product_changes (product_id, revision, changed_at, changed_by, reason, details)
select id, 1, created_at, 'service:warranty', '', jsonb_build_object(
    'name', name,
    'product_line', product_line,
    'limited_warranty_months', limited_warranty_months,
    'release_date', release_date,
    'family', '',
    'price_group', '',
    'last_sold_date', null,
    'vintage_date', null,
    'obsolete_date', null,
    'configurations', jsonb_build_array(),
    'components', jsonb_build_array()
)
from products;

create function refuse_change_of_history() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = 'product_changes_immutable',
        message = 'what a product was is never changed';
end
$$;

create trigger product_changes_immutable before update or delete on product_changes
    for each row execute function refuse_change_of_history();
