# What developers run; .ci/run does all of it on a fresh machine.
GO ?= go
FUZZTIME ?= 15s
SOAK ?= 600
FIGURES ?= -figures docs/performance.md -runs 5
CHAOS = Chaos|Fault|Outage|Hostile|Kill|Lies|Denies|Rewrites|Forger|Turns|Slips|Resets|Lab

check: # format, vet, lint, test
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	GOARCH=386 $(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	$(GO) test ./...

race: # test with the race detector
	$(GO) test -race ./...

bench: # every benchmark, and the command against a responder (see docs/performance.md)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./internal/dnstest/cmd/bench

figures: # the tables of docs/performance.md, measured and written anew
	$(GO) run ./internal/dnstest/cmd/bench $(FIGURES)

fuzz: # every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg || exit 1; done; done

soak: # faults and attacks with the race detector for SOAK seconds, then every fuzz target
	@end=$$(($$(date +%s) + $(SOAK))); while [ $$(date +%s) -lt $$end ]; do \
		$(GO) test -race -count 1 -shuffle on -timeout 60m -run '$(CHAOS)' ./... || exit 1; done
	$(MAKE) fuzz

pictures: # docs/pictures, of what is here; the page needs Chromium
	$(GO) test ./internal/e2e -run '^TestPicture' -update

dist: # a release of the last commit
	$(GO) run ./packaging/dist -o dist

.PHONY: check race bench figures fuzz soak pictures dist
