# What the scripts share. Sourced, not run: `source "$(dirname ...)/lib/common.sh"`. Sets `root`, the top
# of the working tree; prints on stderr, so that stdout is a script's result.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# The comment at the head of a script is its help text.
show_help() {
  sed -n '2,/^[^#]/ { /^#/ { s/^# \{0,1\}//; p; } }' "$0"
}

# For the first argument of every script.
help_if_asked() {
  case "${1:-}" in
    -h | --help)
      show_help
      exit 0
      ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "needs root for: $* (run as root or install sudo)"
  fi
}

# Installs those of the named Debian packages that are missing; does nothing when there are none.
install_packages() {
  local missing installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2> /dev/null |
    sed -n 's/ installed$//p' || true)
  mapfile -t missing < <(printf '%s\n' "$@" | grep -vxF "$installed" || true)
  if [ ${#missing[@]} = 0 ]; then
    return
  fi
  say "installing ${missing[*]}"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q
    --no-install-recommends "${missing[@]}")
  # The lists of packages may be absent or old: refreshed when the first try fails.
  as_root "${install[@]}" > /dev/null 2>&1 && return
  as_root apt-get update -q > /dev/null
  as_root "${install[@]}" > /dev/null || die "apt-get could not install: ${missing[*]}"
}

# The folder that a preset is built in.
build_folder() {
  case "$1" in
    release) echo "$root/build" ;;
    dev | asan) echo "$root/build/$1" ;;
    *) die "there is no preset '$1' (release, dev, asan)" ;;
  esac
}

# Configures and builds a preset: build_preset PRESET [TARGET...]. Of two at the same time one waits for the other.
build_preset() {
  local preset=$1 folder turn
  shift
  folder=$(build_folder "$preset")
  local options=(-DCMAKE_BUILD_TYPE=Debug)
  case "$preset" in
    release) options=(-DCMAKE_BUILD_TYPE=Release) ;;
    asan) options+=(-DERIS_SANITIZE=ON) ;;
  esac
  # One cache for all working trees of this machine, where ccache is installed.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime,pch_defines,time_macros
  local log=$folder/configure.log
  mkdir -p "$folder"
  exec {turn}> "$folder/turn"
  flock "$turn"
  if ! cmake -S "$root" -B "$folder" -G Ninja "${options[@]}" > "$log" 2>&1; then
    cat "$log" >&2
    die "could not configure $folder"
  fi
  local status=0
  cmake --build "$folder" ${@:+--target "$@"} -- --quiet >&2 || status=$?
  exec {turn}>&-
  return "$status"
}

# Makes the Debian package of what is built in a folder and prints its path.
make_package() {
  local folder=$1 stage=$1/package
  rm -rf "$stage"
  mkdir -p "$stage"
  (cd "$stage" && cpack --config "$folder/CPackConfig.cmake" -B "$stage" > "$folder/package.log" 2>&1) || {
    cat "$folder/package.log" >&2
    die "could not make the package"
  }
  rm -rf "$stage/_CPack_Packages"
  ls "$stage"/*.deb
}
