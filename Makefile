.DEFAULT_GOAL := help
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## One request through HTTP, gRPC, SQL and NATS, and its waterfall
	@go run ./examples/shop

trouble: ## Each trouble that a trace should name, and its report
	@go run ./examples/trouble

test: ## All tests, with real servers (installs them when it can) and -race
	@sh scripts/test.sh

test-all: ## And with Jaeger, the OpenTelemetry Collector and MySQL (minutes, the first time)
	@sh scripts/install-mysql.sh || echo "MySQL could not be had: its tests are skipped" >&2
	@SONDE_TEST_ALL=1 sh scripts/test.sh

generate: ## Every generated file anew
	go generate work

lint: ## gofmt, go vet, staticcheck, and the TypeScript compiler where npm has it
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not formatted: $$out" >&2; exit 1; }
	go vet work
	go run $(STATICCHECK) ./... ./cmd/... ./examples/... ./middleware/connect ./oteltrace/export ./relay/... ./rpctrace/kafka ./rpctrace/kafka/internal/broker
	@sh scripts/lint-pages.sh

fuzz: ## Every fuzz target for ten seconds
	@sh scripts/fuzz.sh 10s

docs: ## What each driver can do and was tested with (docs/drivers.md)
	@sh scripts/install-test-deps.sh || echo "some servers are missing" >&2
	@sh scripts/install-mysql.sh || echo "MySQL could not be had" >&2
	SONDE_TEST_ALL=1 go run ./internal/drivertable >docs/drivers.md.new
	@mv docs/drivers.md.new docs/drivers.md

bench: ## This project beside its peers, in one run
	@sh bench/run.sh

bench-docs: ## All benchmarks of a quiet machine (docs/benchmarks.md)
	@sh bench/document.sh >docs/benchmarks.md.new
	@mv docs/benchmarks.md.new docs/benchmarks.md

bench-compare: ## This checkout beside the revision BASE, in turn (PAIRS=6, ARGS='-run SQL')
	@sh bench/against.sh "$${BASE:?say which revision: make bench-compare BASE=main~10}" $(ARGS)

bench-page: ## The page of 100,000 points in Chromium, and the memory of forms of 1,000,000
	@cd bench && GOWORK=off go run ./page $(ARGS)

bench-stores: ## How fast many traces are written into stores, and what a list of ten takes (a minute)
	@cd bench && GOWORK=off go run ./stores $(ARGS)

bench-relay: ## Records per second and core through agent, spool and collector, beside OpenTelemetry's (minutes)
	@cd bench && GOWORK=off go run ./relay $(ARGS)

load: ## The shop bare, with Sonde and with OpenTelemetry under load, in turn (minutes)
	@cd bench && GOWORK=off go run ./load $(ARGS)

soak: ## An hour of the shop with every request traced and a sink that fails now and then
	@cd bench && GOWORK=off go run ./load -soak 1h $(ARGS)

compare: ## What wrappers break, this project's and its peers' (docs/fidelity.md)
	@sh bench/compare.sh

evidence: ## How often findings are right: 272 recorded traces and 240 healthy ones (docs/evidence.md)
	@cd examples/evidence && GOWORK=off go test -count=1 -v -timeout 60m . -args -planted 272 -healthy 240 $(ARGS)

.PHONY: help demo trouble test test-all generate lint fuzz docs bench bench-docs bench-compare bench-page bench-stores bench-relay load soak compare evidence
