//! The suite from outside: see `tests/` (journeys, structure, walls) and `benches/`. Nothing is exported.
