# shellcheck shell=bash
# Sourced by the other scripts: makes sure that a program is there, or says what to do.

# Runs a command as root, with sudo where that is needed and possible.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "needs root or sudo: $*" >&2
        return 1
    fi
}

# require_command PROGRAM PACKAGE: installs the Debian package where there is apt, and explains where there is not.
require_command() {
    local program=$1 package=$2
    command -v "$program" >/dev/null 2>&1 && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: $program. Install it with your package manager (Debian's package is called $package)." >&2
        exit 1
    fi
    echo "installing $package (for $program)"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}

require_swift() {
    command -v swift >/dev/null 2>&1 && return 0
    echo "missing: swift 6.2 or later; see https://www.swift.org/install" >&2
    exit 1
}
