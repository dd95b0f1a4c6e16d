mod skills;
mod theory;
