-- The agents with room stand in the memory of whoever decides, in their order; the database is not asked for them. Without
-- this index a change of an agent's load touches no index at all.
drop index agents_with_room;
