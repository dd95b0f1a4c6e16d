mod foretold;
mod skills;
mod theory;
