-- What is used up of a plan is used up of one that there is.
alter table claims add constraint claims_plan_fkey foreign key (plan_id) references plans (id);
