"""A container without an engine: one process in a file system of its own, made with mount and chroot.

The folder of a stage is the root. This machine's /usr, /etc, /proc and /dev stand in for the base image's,
and a Python installation for its /usr/local; everything else is what the Dockerfile put there. The network is
the machine's.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Arguments: root, Python prefix, "ro" or "rw", UID:GID or nothing, working directory, folders of the machine
# to protect, volumes as FROM:TO:MODE, "--", command. The mounts end with the process, whose own they are.
_SCRIPT = """
set -eu
root=$1 python=$2 mode=$3 user=$4 cwd=$5 protect=$6; shift 6
mount --bind "$root" "$root"
for name in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$name" ] && [ ! -L "$root/$name" ]; then ln -s "$(readlink "/$name")" "$root/$name"; fi
done
for name in usr etc proc dev; do
    mkdir -p "$root/$name"; mount --rbind "/$name" "$root/$name"
done
mount --bind "$python" "$root/usr/local"
mkdir -p "$root/tmp"; mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    from=${1%%:*} rest=${1#*:}; to=${rest%%:*}
    mount --bind "$from" "$root$to"
    if [ "${rest#*:}" = ro ]; then mount -o remount,bind,ro "$root$to"; fi
    shift
done
shift
for name in $protect; do mount -o remount,bind,ro "$root/$name"; done
if [ "$mode" = ro ]; then mount -o remount,bind,ro "$root"; fi
set -- /bin/sh -c 'cd "$0" && exec "$@"' "$cwd" "$@"
if [ -n "$user" ]; then
    set -- setpriv --no-new-privs --clear-groups --reuid="${user%:*}" --regid="${user#*:}" "$@"
fi
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Box:
    """A root folder, and how processes in it are started."""

    root: Path
    python: Path
    env: Mapping[str, str]
    workdir: str = "/"
    user: str = ""
    read_only: bool = False
    volumes: list[str] = field(default_factory=list)

    def start(self, command: list[str], **popen: object) -> "subprocess.Popen[str]":
        """Start a command. The process that is returned becomes the command itself, so signals reach it."""
        root = os.geteuid() == 0
        # Without root there is no other user to become, and no right to write to the machine's folders.
        user, protect = (self.user, "etc usr usr/local") if root else ("", "")
        mode = "ro" if self.read_only else "rw"
        places = [str(self.root), str(self.python), mode, user, self.workdir, protect]
        into = [*places, *self.volumes, "--", *command]
        namespace = ["unshare", "--mount"] + ([] if root else ["--map-root-user"])
        # The interpreter of /usr/local may be a shared build, as the base image's own is.
        env = {"LD_LIBRARY_PATH": "/usr/local/lib", **self.env}
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
            [*namespace, "/bin/sh", "-c", _SCRIPT, "box", *into], env=env, text=True, **popen
        )

    def run(self, command: list[str]) -> str:
        """Run a command to its end and return what it printed; raises CalledProcessError."""
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, output)
        return output
