-- Contact points can be removed. The row stays, sealed as it was, for as long as the customer is one: what was told there and verified by
-- it names it. It has no place in the list and no look-up, so that nobody is found by it and it can become somebody else's.

alter table contact_points
    add column removed_at timestamptz,
    alter column ordinal drop not null,
    add constraint contact_points_removed_check check ((removed_at is null) = (ordinal is not null)),
    drop constraint contact_points_customer_ordinal_key,
    -- Held against the statement as a whole: the places behind a removed one move up in one.
    add constraint contact_points_customer_ordinal_key unique (customer_id, ordinal) deferrable initially immediate;

-- What is ended with a contact point.
create index verifications_contact_point_idx on verifications (contact_point_id) where contact_point_id is not null;
