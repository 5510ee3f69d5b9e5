# syntax=docker/dockerfile:1

# The image of the daemon alone: no simulator, no shell, no package manager, no root.
#
# The build stage runs on the architecture that the image is for: nothing here cross-compiles. For both, build on both, or
# with `docker buildx build --platform linux/amd64,linux/arm64`.

FROM rust:1.95-slim-trixie AS build
# The trusted roots come from here; the version is whatever the release of Debian has.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# What .dockerignore lets through: the manifests and sources of the workspace. Cargo reads the manifest of every member, so
# the members below `tests` come along with their manifests, and none of them is compiled.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    deploy/image/build.sh \
    && cp target/release/eastwest /eastwest \
    && cargo run --package xtask --locked -- sbom --output /eastwest.cdx.json
RUN deploy/image/rootfs.sh /eastwest /eastwest.cdx.json /rootfs

# Why `scratch`: what is in the image is what rootfs.sh puts there, and no base image has to be followed. `cargo xtask image`
# builds this stage, and tests it.
FROM scratch
COPY --from=build /rootfs/ /
USER 65532:65532
EXPOSE 8080
# rustls-native-certs finds the roots there. To trust a proxy's own root, mount a bundle and set SSL_CERT_FILE to it.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# Without a --policy it observes: it plans and shows, and writes nothing.
ENTRYPOINT ["/usr/local/bin/eastwest"]
CMD ["run"]
