.DEFAULT_GOAL := help
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## One request through HTTP, gRPC, SQL and NATS, and its waterfall
	@go run ./examples/shop

test: ## All tests, with real servers (installs them when it can) and -race
	@sh scripts/test.sh

test-all: ## And with Jaeger, the OpenTelemetry Collector and MySQL (minutes, the first time)
	@sh scripts/install-mysql.sh || echo "MySQL could not be had: its tests are skipped" >&2
	@SONDE_TEST_ALL=1 sh scripts/test.sh

generate: ## Every generated file anew
	go generate ./...

lint: ## gofmt, go vet and staticcheck
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not formatted: $$out" >&2; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

fuzz: ## Every fuzz target for ten seconds
	@sh scripts/fuzz.sh 10s

docs: ## What each driver can do and was tested with (docs/drivers.md)
	@sh scripts/install-test-deps.sh || echo "some servers are missing" >&2
	@sh scripts/install-mysql.sh || echo "MySQL could not be had" >&2
	SONDE_TEST_ALL=1 go run ./internal/drivertable >docs/drivers.md.new
	@mv docs/drivers.md.new docs/drivers.md

bench: ## This project beside its peers, in one run
	@sh bench/run.sh

compare: ## What wrappers break, this project's and its peers' (docs/fidelity.md)
	@sh bench/compare.sh

.PHONY: help demo test test-all generate lint fuzz docs bench compare
