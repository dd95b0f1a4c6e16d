-- An agent's load changes with every task. With room left in each page, a change finds it beside the row, and no index is
-- touched.
alter table agents set (fillfactor = 70);
