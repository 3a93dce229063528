# One image for each program of the workspace. BINARY chooses it: a service's name, or `sandbox`.
#
#   docker build --build-arg BINARY=order -t realserv-order .
#   docker build --target gateway --build-arg BINARY=realserv -t realserv-gateway .
#
# RUNTIME is the final base. The `debug-nonroot` sibling has a shell and is for docker-compose.yml alone.
ARG RUST=rust:1.95.0-slim-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

# Every manifest, and nothing else of the code: the next stage's layers stay as they are until a manifest changes.
FROM ${RUST} AS manifests
WORKDIR /src
COPY . .
RUN find crates services -type f ! -name Cargo.toml ! -path '*/tests/*/main.rs' -delete \
    && find crates services -type f -name main.rs -exec truncate --size 0 {} + \
    && for package in crates/* services/*; do \
         mkdir -p "$package/src" \
         && : >"$package/src/lib.rs" \
         && echo 'fn main() {}' >"$package/src/main.rs" \
         || exit 1; \
       done \
    && find crates services -type d -empty -delete \
    && rm -rf infra migrations

FROM ${RUST} AS dependencies
ENV CARGO_PROFILE_RELEASE_DEBUG=0 \
    CARGO_PROFILE_RELEASE_STRIP=symbols \
    SQLX_OFFLINE=true
WORKDIR /src
COPY --from=manifests /src ./
# The whole workspace, as everywhere else, so that features are chosen for all programs together.
RUN cargo build --release --locked --workspace --bins

FROM dependencies AS build
ARG BINARY
# What /health/ready shows as `build`.
ARG REALSERV_BUILD=local
COPY . .
# The stand-ins above are younger than the checkout: cargo must not take them for the newer code.
RUN test -n "${BINARY}" \
    && find crates services -name '*.rs' -exec touch {} + \
    && REALSERV_BUILD="${REALSERV_BUILD}" cargo build --release --locked --bin "${BINARY}" \
    && install -D "target/release/${BINARY}" /out/program

FROM ${RUNTIME} AS runtime
ARG BINARY
ARG REALSERV_BUILD=local
ARG REVISION=unknown
LABEL org.opencontainers.image.title="realserv-${BINARY}" \
      org.opencontainers.image.version="${REALSERV_BUILD}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/program /app/program
USER 65532:65532
WORKDIR /app
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/program"]

# `realserv gateway`, for docker-compose.yml; in AWS the API Gateway reads the same routes. The program looks for a
# checkout around it, hence the two manifests.
FROM runtime AS gateway
COPY Cargo.toml /app/Cargo.toml
COPY crates/realserv/Cargo.toml /app/crates/realserv/Cargo.toml
COPY infra/gateway/routes.json /app/infra/gateway/routes.json
ENV REALSERV_HOME=/tmp/realserv
CMD ["gateway"]

FROM runtime AS sandbox

# Last, so that it is what is built when no target is named.
FROM runtime AS service
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=6 CMD ["/app/program", "healthcheck"]
CMD ["serve"]
