# The front door.  Every target is a script of scripts/, which says at its top what it does.
.DEFAULT_GOAL := help
.PHONY: help run install deb docs test test-long lint format bench fuzz clean

help:
	@echo "make run [STATE=./run] [PORT=8000]   build and run an instance; Ctrl-C stops it"
	@echo "make install [DESTDIR=] [PREFIX=/usr] build, and put everything into its place"
	@echo "make deb                             the Debian package, into build/"
	@echo "make docs                            write the tables of docs/ anew from the code's own"
	@echo "make test                            lint, the build, every test"
	@echo "make test-long                       the same, a second compiler, and the tests that take long"
	@echo "make lint                            formatters and analysers: zero findings"
	@echo "make format                          let the formatters rewrite the files"
	@echo "make bench [ONLY=part]               measure; figures are kept in build/bench.json"
	@echo "make fuzz [ONLY=target] [SECONDS=60] fuzz the parsers, and count the lines that are reached"
	@echo "make clean                           remove what was built; instances stay"

run:
	@exec env STATE='$(STATE)' PORT='$(PORT)' scripts/run.sh

install:
	@exec env DESTDIR='$(DESTDIR)' PREFIX='$(or $(PREFIX),/usr)' scripts/install.sh

deb:
	@scripts/deb.sh

docs:
	@/usr/bin/python3 scripts/documents.py

test:
	@scripts/test.sh

test-long:
	@scripts/test.sh --long

lint:
	@scripts/install-deps.sh test && scripts/lint.sh

format:
	@scripts/install-deps.sh test && scripts/lint.sh --format

bench:
	@exec env ONLY='$(ONLY)' scripts/bench.sh

fuzz:
	@exec env ONLY='$(ONLY)' FUZZ_SECONDS='$(SECONDS)' scripts/fuzz.sh

clean:
	rm -rf build build-clang build-fuzz build*.configure.log tests/system/node_modules tests/e2e/node_modules \
	  tests/cloudflare/node_modules \
	  worker/node_modules worker/dist
