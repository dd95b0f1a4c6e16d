-- Courses, who takes part in them, and how their attempts came out.

create table courses (
    name text primary key constraint courses_name_form check (name ~ '^[a-z0-9]+([-_][a-z0-9]+)*$'),
    title text not null,
    -- What who passes is certified for.
    certification text not null constraint courses_certification_form check (certification ~ '^cert/[a-z0-9]+([-_/][a-z0-9]+)*$'),
    -- For how long; 0 for ever.
    valid_days integer not null constraint courses_valid_days_in_range check (valid_days between 0 and 3650)
);

create table enrolments (
    agent_id uuid not null references agents,
    course text not null references courses,
    enrolled_at timestamptz not null,
    primary key (agent_id, course)
);

create table attempts (
    agent_id uuid not null,
    course text not null,
    attempted_at timestamptz not null,
    has_passed boolean not null,
    primary key (agent_id, course, attempted_at),
    constraint attempts_of_who_takes_part foreign key (agent_id, course) references enrolments
);
