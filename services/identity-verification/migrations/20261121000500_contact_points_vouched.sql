-- Whether the contact point came with the customer's record. Whoever holds such a one, or one that was verified, can prove to be
-- the customer. What is added later counts only once it was verified in a session of that customer: else a slip of the
-- pen, or somebody else's address, would open the account.
alter table contact_points add column vouched boolean not null default false;

update contact_points set vouched = true
from customers
where customers.id = contact_points.customer_id and customers.created_at = contact_points.created_at;
