# The few commands anyone needs. Each is one line into cargo or a script.
# Without --package, so that cargo chooses features for the whole workspace and compiles each dependency once.
# The fleet runs as production does: built for release.
FLEET := cargo run --release --bin realserv --
.PHONY: demo up down status test test-browser check openapi prepare bench soak check-infra fuzz client

demo: ; $(FLEET) demo
up: ; $(FLEET) up
down: ; $(FLEET) down
status: ; $(FLEET) status
test: ; scripts/test
check: ; scripts/check
openapi: ; scripts/openapi
prepare: ; scripts/prepare all
test-browser: ; scripts/test-browser
bench: ; $(FLEET) bench
soak: ; $(FLEET) soak
check-infra: ; infra/checks/check
fuzz: ; scripts/fuzz
client: ; scripts/client
