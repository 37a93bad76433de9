#!/usr/bin/env bash
# usage: package.sh BUILD-DIRECTORY
#
# Goal: the Debian package is whole, and so is `cmake --install`. Method: makes the package, looks at what it holds,
# installs it into an empty dpkg root, installs the build below a prefix and lets systemd judge the units, where it
# is there to do so. Leaves BUILD-DIRECTORY/package/eris.deb for the other tests.
set -euo pipefail
build=$(readlink -f "$1")
# shellcheck source=../../scripts/lib/common.sh
source "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"

package=$(make_package "$build")
mv "$package" "$build/package/eris.deb"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/root/var/lib/dpkg/info" "$work/root/var/lib/dpkg/updates"
: > "$work/root/var/lib/dpkg/status"
# In an empty root nothing that it depends on is there: only unpacking is asked for.
dpkg --root="$work/root" --force-not-root --force-depends --unpack "$build/package/eris.deb" > "$work/dpkg.log" 2>&1 ||
  { cat "$work/dpkg.log"; exit 1; }
cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"

for root in "$work/root/usr" "$work/prefix"; do
  for file in bin/{eris,eris-broker,eris-planner,eris-worker,dysnomia} share/doc/eris/manual/network.md \
    share/eris/{broker,planner,worker,client}.toml lib/systemd/system/eris-{broker,planner,worker}.service; do
    [ -e "$root/$file" ] || { echo "FAILED: no $file in $root"; exit 1; }
  done
  "$root/bin/eris" --version
  "$root/bin/eris-worker" --version
done
grep -q "^ExecStart=/usr/bin/eris-worker " "$work/root/usr/lib/systemd/system/eris-worker.service"
grep -q "^ExecStart=$work/prefix/bin/eris-worker " "$work/prefix/lib/systemd/system/eris-worker.service"
grep -q '^KillMode=process' "$work/prefix/lib/systemd/system/eris-worker.service"
if command -v systemd-analyze > /dev/null; then
  { systemd-analyze verify "$work"/prefix/lib/systemd/system/eris-*.service 2>&1 || true; } | { grep eris- || true; } |
    tee "$work/verify.log"
  [ ! -s "$work/verify.log" ] || { echo "FAILED: systemd does not like the units"; exit 1; }
fi
echo "the package is whole"
