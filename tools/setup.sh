#!/bin/bash
# setup.sh [check|format] - install the Debian packages that are missing; "check" adds the clang
# tools, "format" wants clang-format only.
# Prints nothing and touches no network when all are there.
set -eu
packages="gcc cmake ninja-build pkg-config libxgboost-dev liblinear-dev libfyaml-dev libjansson-dev
    libutf8proc-dev libstemmer-dev zlib1g-dev libzstd-dev libsqlite3-dev libsodium-dev libdnnl-dev python3
    python3-jieba"
case ${1:-} in
check) packages="$packages clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev" ;;
format) packages=clang-format-14 ;;
esac
if ! command -v apt-get >/dev/null; then
    echo "setup: no apt-get here; what Debian 12 calls these is needed:" $packages >&2
    exit 0
fi
missing=""
for package in $packages; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

export DEBIAN_FRONTEND=noninteractive
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing packages, and neither root nor sudo to install them; as root run:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
    sudo="sudo env DEBIAN_FRONTEND=$DEBIAN_FRONTEND"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing$missing" >&2
install="$sudo apt-get install -y -q --no-install-recommends"
if ! { $sudo apt-get update -q && $install $missing; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "setup: apt-get failed" >&2
    exit 1
fi
