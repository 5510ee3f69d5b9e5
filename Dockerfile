# syntax=docker/dockerfile:1

# The image of the daemon alone: no simulator, no shell, no package manager, no root.
#
# Both stages are Debian 12, so that the C library the binary is linked against is the one it runs with.
# The build stage must run on the architecture the image is for: nothing here cross-compiles.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# What .dockerignore lets through: the manifests and sources of the workspace. Cargo reads the manifest of
# every member, so `tests` comes along with its manifest and an empty library, and is not compiled.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build -p eastwest --release --locked \
    && cp target/release/eastwest /eastwest

# Why this base and not `scratch` or a static one:
# - the binary needs glibc and libgcc, and this image holds them and little else;
# - rustls-native-certs reads the trusted roots from the system, so they must be in the image: this one has
#   them in /etc/ssl/certs. To trust a proxy's own root, mount a bundle and set SSL_CERT_FILE;
# - `nonroot` is user and group 65532 in its /etc/passwd.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /eastwest /usr/local/bin/eastwest
USER 65532:65532
EXPOSE 8080
# Without a --policy it observes: it plans and shows, and writes nothing.
ENTRYPOINT ["/usr/local/bin/eastwest"]
CMD ["run"]
