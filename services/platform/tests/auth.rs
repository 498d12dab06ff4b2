//! Who calls and what they may do, from outside: tokens, keys, the door.

#[path = "auth/door.rs"]
mod door;
#[path = "auth/issuing.rs"]
mod issuing;
#[path = "auth/keys.rs"]
mod keys;
#[path = "auth/tokens.rs"]
mod tokens;
