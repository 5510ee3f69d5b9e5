//! Stories, thousands of drawn lives, and every mishap at every call. All of them run the real engine against the
//! simulator's model, on virtual time.
//!
//! They are a package of their own because they are compiled with optimization: `cargo lives` runs them, which is
//! `cargo test --profile lives --package eastwest-lives`.
