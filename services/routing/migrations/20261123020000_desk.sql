-- What is done with work by hand: it is assigned, taken over, pulled back, passed on, shared and handed over.

alter table task_history
    drop constraint task_history_change_known,
    add constraint task_history_change_known check (
        change in (
            'queued', 'offered', 'accepted', 'rejected', 'timed_out', 'withdrawn', 'completed', 'canceled',
            'assigned', 'taken_over', 'pulled_back', 'contact_ended', 'transferred', 'joined', 'left', 'handed_over', 'lapsed'
        )
    );

-- Who gave a task up, or had it taken from them: they are not asked again for a while, as who declined it.
create index task_history_gave_up on task_history (task_id) where change in ('pulled_back', 'transferred', 'lapsed');

-- What was said with an entry of a task's history that somebody made by hand. Rows are never changed.
create table task_hands (
    task_id uuid not null,
    sequence bigint not null,
    -- The subject of the token of whoever did it.
    actor text not null,
    cause text constraint task_hands_cause_known check (
        cause in ('customer_wish', 'expertise', 'escalation', 'workload', 'agent_unable', 'coaching', 'misrouted')
    ),
    -- A message of the case, which the case service keeps: the words are not here.
    note_id uuid,
    primary key (task_id, sequence),
    constraint task_hands_of_an_entry foreign key (task_id, sequence) references task_history
);

-- Who has joined the contact of a task that another agent has. It weighs on them as on whoever has it. The rows of a task are
-- changed under its lock and that of the agent.
create table task_participants (
    task_id uuid not null references tasks,
    agent_id uuid not null references agents,
    weight integer not null constraint task_participants_weight_positive check (weight > 0),
    joined_at timestamptz not null,
    primary key (task_id, agent_id)
);

create index task_participants_of_agent on task_participants (agent_id);
