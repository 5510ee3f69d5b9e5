#!/bin/sh
# Builds eastwest as it is released: build.sh [options of cargo build]. The same sources give the same program, in whatever
# folder they are and wherever cargo keeps its packages (`cargo xtask reproduce` holds this).
#
# A panic says where in the source it happened, so paths are part of the program. They are written as if everything lay in
# `/eastwest`, and packages in `/packages`: in place of the folder of this project, of cargo's home, and of the name that
# cargo gives a registry or its mirror. Flags of the caller would be part of the program too, and are left out.
set -eu
cd "$(dirname "$0")/../.."

# The loader moves a megabyte of addresses at the start. Packed, they are twenty kilobytes, on disk and in memory. The C
# library understands it since 2.36.
flags="-Clink-arg=-Wl,-z,pack-relative-relocs"
# A package's folder must be there before its name is known.
cargo fetch --quiet --locked --target "$(rustc -vV | sed -n 's/^host: //p')"

between=$(printf '\037')
# Where several prefixes fit, the compiler takes the last.
flags="$flags$between--remap-path-prefix=$PWD=/eastwest"
flags="$flags$between--remap-path-prefix=${CARGO_TARGET_DIR:-$PWD/target}=/eastwest/target"
for packages in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags="$flags$between--remap-path-prefix=$packages=/packages"
done
unset RUSTFLAGS
export CARGO_ENCODED_RUSTFLAGS="$flags"
exec cargo build --release --locked --package eastwest "$@"
