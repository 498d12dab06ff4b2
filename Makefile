# What a newcomer, a developer and CI call. Each target sets up what is missing by itself.
.POSIX:
.PHONY: help setup build demo up test check torture bench sqlx

help:
	@echo "make demo    三个区镇的示例台账 → 今天该做什么 → 三个月后 (takes about a minute after the build)"
	@echo "             make demo ROSTER=path/to/file.xlsx TOWNSHIP=320685102 takes a roster of your own; JSON=FILE writes the figures"
	@echo "make up      the suite on 127.0.0.1:50051, data kept between runs in .bangfu/"
	@echo "make test    the whole test suite"
	@echo "make check   format, lints, docs, contract, dependencies, floors, licences, queries"
	@echo "make torture the attacks and faults of make test, long: one JSON line each; ONLY='feeds sweeps' runs some, SEED=N repeats a run"
	@echo "make bench   the figures, as ratios measured in one run; ONLY='page reveal' measures some of them"
	@echo "make sqlx    renews the query data after a change of SQL or of a migration"

setup:
	@sh deploy/setup.sh

build: setup
	cargo build --locked -p bangfu

demo: build
	@target/debug/bangfu demo $(if $(ROSTER),--roster "$(ROSTER)") $(if $(TOWNSHIP),--township "$(TOWNSHIP)") $(if $(JSON),--json "$(JSON)")

up: build
	@target/debug/bangfu up

test: setup
	@sh deploy/setup.sh --interop
	cargo test --locked --workspace

check:
	@sh deploy/setup.sh --check
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps
	sh deploy/check/contract.sh
	sh deploy/check/dependencies.sh
	sh deploy/check/floors.sh
	sh deploy/check/licences.sh
	sh deploy/check/licences_seen_red.sh
	sh deploy/check/queries.sh

torture: setup
	@sh deploy/setup.sh --interop
	BANGFU_VERSION=$$(git describe --always --dirty 2>/dev/null || echo unknown) cargo bench --locked --profile test -p bangfu-tests --bench torture -- $(if $(SEED),--seed $(SEED)) $(ONLY)

bench: setup
	cargo build --locked --release -p bangfu -p bangfu-tests --bin bangfu --bench figures
	cargo bench --locked -p bangfu-tests --bench figures -- $(if $(JSON),--json) $(ONLY)

sqlx: setup
	sh deploy/check/queries.sh --renew
