-- What a reviewer decided stands as it is, but for the keyed hash of a contact point whose customer was erased.

drop trigger risk_reviews_stand on risk_reviews;

create function risk_reviews_forget() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - 'contact_key' = to_jsonb(old) - 'contact_key'
        and new.contact_key = decode(repeat('00', 32), 'hex') then
        return new;
    end if;
    raise exception 'what a reviewer decided is not changed' using errcode = 'integrity_constraint_violation',
        constraint = 'risk_reviews_stand';
end
$$;

create trigger risk_reviews_stand before delete or truncate on risk_reviews
for each statement execute function risk_reviews_stand();
create trigger risk_reviews_forget before update on risk_reviews
for each row execute function risk_reviews_forget();
