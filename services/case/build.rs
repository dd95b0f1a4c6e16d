//! A new migration is no source file that the compiler knows of: tells cargo to look.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
