//! A new migration file is a reason to build again: `sqlx::migrate!` alone notices only changed ones.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
