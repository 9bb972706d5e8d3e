"""Where things are on this machine, and what a process tree costs.  Reads /proc; starts nothing but what it is asked to."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
TICK = os.sysconf("SC_CLK_TCK")


class Unable(Exception):
    """Something the benchmark needs is not there; the message says what to do."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def need(program: str, package: str) -> str:
    found = shutil.which(program)
    if not found:
        raise Unable(f"{program} is missing: apt-get install {package}")
    return found


def postgres_bindir() -> Path:
    dirs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    if not dirs:
        raise Unable("no PostgreSQL server found: apt-get install postgresql")
    return Path(dirs[-1]).parent


def pgbench() -> str:
    beside = postgres_bindir() / "pgbench"
    return str(beside) if beside.exists() else need("pgbench", "postgresql-contrib")


def peer_python() -> Path:
    """The peer's interpreter in bench/.venv, made and filled on first use."""
    venv, python = BENCH / ".venv", BENCH / ".venv/bin/python"
    wanted = (BENCH / "peer/requirements.txt").read_text()
    stamp = venv / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    say("bench: installing the peer into bench/.venv")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise Unable("python3 cannot make a virtual environment: apt-get install python3-venv") from error
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r",
                    BENCH / "peer/requirements.txt"], check=True)
    stamp.write_text(wanted)
    return python


def micro(program: str) -> Path:
    """A program of bench/micro, built like the one that ships, in build-bench."""
    dir = ROOT / "build-bench"
    say(f"bench: building {program} in build-bench")
    commands = [] if (dir / "build.ninja").exists() else [[need("meson", "meson"), "setup", dir, ROOT, "-Dbench=true", "-Dwerror=false"]]
    for command in [*commands, [need("ninja", "ninja-build"), "-C", dir, f"bench/micro/{program}"]]:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unable(f"{program} cannot be built: " + (done.stdout.strip().splitlines() or ["failed"])[-1][:200])
    return dir / "bench/micro" / program


def as_postgres() -> dict:
    """subprocess arguments that leave root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError as error:
        raise Unable("running as root needs the system user postgres: apt-get install postgresql") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _stat(pid: int) -> tuple[int, int] | None:
    """(parent, ticks used by it and by the children it has reaped)"""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return int(fields[1]), sum(int(f) for f in fields[11:15])


def tree(root: int) -> list[int]:
    parents = {int(p): s[0] for p in os.listdir("/proc") if p.isdigit() and (s := _stat(int(p)))}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    return sum(s[1] for pid in tree(root) if (s := _stat(pid))) / TICK


def busy_seconds() -> float:
    """CPU time of everything that ever ran here: all of /proc/stat but idle and waiting for disks."""
    fields = [int(f) for f in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def resident_bytes(root: int) -> int:
    """Proportional set size, so that pages shared by forked workers count once."""
    total = 0
    for pid in tree(root):
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total
