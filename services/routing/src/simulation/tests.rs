mod foretold;
mod skills;
mod theory;
mod turns;
