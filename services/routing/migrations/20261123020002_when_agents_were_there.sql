-- When agents came and went: what share of the time that they were available they had nothing in hand, is asked of a day.

create table agent_presences (
    agent_id uuid not null references agents,
    since timestamptz not null,
    presence text not null constraint agent_presences_known
        check (presence in ('available', 'break', 'after_contact_work', 'offline')),
    primary key (agent_id, since)
);

-- From now on all of it is known; of before, since when they are what they are.
insert into agent_presences (agent_id, since, presence) select id, presence_since, presence from agents;
