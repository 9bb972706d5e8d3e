"""Start the built program as a user would, watch what it says, end it, and let nothing be left behind.

    with Keelson() as k:                          # a private server on a free port, data in a new folder
        k.http.get("/health/live")                # httpx, base URL set
        k.raw(b"GET / HTTP/1.1\\r\\n...")           # bytes in, bytes out
        k.kill(); k.start()                       # SIGKILL, and again on the same data

    harness.py COMMAND...                         # run a command beside a server, its address in KEELSON_URL

KEELSON_BIN is the program, build-asan/keelson by default.  Waiting is always for an event (a log line, an exit),
never for a time.
"""
# SPDX-License-Identifier: Apache-2.0

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("KEELSON_BIN", ROOT / "build-asan" / "keelson")).resolve()
START_SECONDS = 60          # the first start initialises a PostgreSQL, under sanitizers, on a busy machine
STOP_SECONDS = 30
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:")
SANITIZER_OPTIONS = {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=1"}
CONFIGURATION = re.compile(r"KEELSON_|DATABASE_URL$|PG[A-Z]+$")
LOGFMT = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def logfmt(line):
    """The pairs of one log line as a dict."""
    return {key: value.strip('"') for key, value in LOGFMT.findall(line)}


def workspace():
    """A new folder that an unprivileged server can reach too: when run as root, PostgreSQL is somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="keelson-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    return folder


def environment(folder, extra=None):
    """Ours without any Keelson or PostgreSQL setting; temporary files and sockets below `folder`."""
    env = {k: v for k, v in os.environ.items() if not CONFIGURATION.match(k)}
    tmp, run_dir = folder / "tmp", folder / "run"
    for place in (tmp, run_dir):
        place.mkdir(exist_ok=True)
        place.chmod(0o1777)
    return env | SANITIZER_OPTIONS | {"TMPDIR": str(tmp), "RUNTIME_DIRECTORY": str(run_dir)} | (extra or {})


def run(*args, folder=None, env=None, stdin=None, timeout=120):
    """A command of the program to its end: CompletedProcess with text stdout and stderr."""
    own = folder or workspace()
    try:
        done = subprocess.run([str(BIN), *map(str, args)], cwd=own, env=environment(own, env), input=stdin, text=True,
                              capture_output=True, timeout=timeout, stdin=None if stdin is not None else subprocess.DEVNULL)
    finally:
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


def processes(folder, session=None):
    """Who lives in `folder` (working directory or command line) or in that session: {pid: command line}."""
    found, place = {}, str(folder)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            try:
                cwd = os.readlink(entry / "cwd")
            except PermissionError:
                cwd = ""
        except (FileNotFoundError, ProcessLookupError):
            continue
        below = cwd == place or cwd.startswith(place + "/") or place + "/" in line + "/"
        if state != "Z" and (below or int(sid) == session):
            found[int(entry.name)] = line
    return found


def await_exit(pids, seconds):
    """Wait until all of them have ended; those that have not."""
    until, left = time.monotonic() + seconds, []
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([fd], [], [], max(0, until - time.monotonic()))[0]:
                left.append(pid)
        finally:
            os.close(fd)
    return left


class Keelson:
    """One `keelson serve`.  Each start may be followed by stop() or kill(); close() checks what is left."""

    def __init__(self, *args, folder=None, data_dir=None, env=None, cwd=None):
        self.own_folder = folder is None
        self.folder = Path(folder) if folder else workspace()
        self.data_dir = Path(data_dir) if data_dir else self.folder / "data"
        self.args, self.env, self.cwd = args, env, cwd or self.folder
        self.process = self.reader = self.addr = None
        self.log = []                       # lines of stderr of all starts
        self.since = 0                      # where the present start's lines begin
        self.news = threading.Condition()
        self.sessions = []
        self.http = httpx.Client(timeout=30)

    # -- life ------------------------------------------------------------------------------------------

    def launch(self):
        """Start without waiting."""
        assert BIN.exists(), f"{BIN} is not built: run ./test, or set KEELSON_BIN"
        assert not self.running(), "already running"
        self.since = len(self.log)
        self.process = subprocess.Popen(
            [str(BIN), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.data_dir), *map(str, self.args)],
            cwd=self.cwd, env=environment(self.folder, self.env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True)
        self.sessions.append(self.process.pid)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        return self

    def start(self):
        """Start and wait until it listens."""
        self.launch()
        self.addr = logfmt(self.wait_log("event=listening"))["addr"]
        self.http.base_url = self.url
        return self

    def stop(self, signo=signal.SIGTERM):
        """The polite end; the exit status."""
        self.process.send_signal(signo)
        return self.wait_exit(STOP_SECONDS)

    def kill(self):
        """SIGKILL of the program alone; its PostgreSQL has to notice."""
        self.process.kill()
        self.wait_exit()

    def kill_all(self):
        """SIGKILL of the program and everything it started, at once."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.wait_exit()

    def wait_exit(self, seconds=STOP_SECONDS):
        """The exit status; a negative number is a signal."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s\n{self.tail()}") from None
        self.reader.join(1)          # a child that lives on may hold the pipe open
        return status

    def running(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        """Stop, then fail if it broke, spoke of memory errors or left processes."""
        complaint = None
        try:
            if self.running():
                status = self.stop()
                if status != 0:
                    complaint = f"exit status {status} after SIGTERM"
            left = await_exit(self.processes(), 10)
            if left:
                names = self.processes()
                complaint = f"left processes: {[names.get(pid, pid) for pid in left]}"
        finally:
            self.http.close()
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)
        assert not complaint, f"{complaint}\n{self.tail()}"
        self.check_sanitizers()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # -- what it says ----------------------------------------------------------------------------------

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                with self.news:
                    self.log.append(line.decode(errors="replace").rstrip("\n"))
                    self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def wait_log(self, text, seconds=START_SECONDS):
        """The first line of this start that contains `text`; fails when the program ends without it."""
        until, at = time.monotonic() + seconds, self.since
        with self.news:
            while True:
                for at in range(at, len(self.log)):
                    if text in self.log[at]:
                        return self.log[at]
                at = len(self.log)
                left = until - time.monotonic()
                ended = not self.reader.is_alive()
                assert left > 0 and not ended, f"{'ended' if ended else 'no news'} before {text!r}\n{self.tail()}"
                self.news.wait(min(left, 1))

    def events(self, name):
        """Every line of that event so far, as dicts."""
        with self.news:
            return [pairs for pairs in map(logfmt, self.log) if pairs.get("event") == name]

    def tail(self, lines=60):
        with self.news:
            return "\n".join(self.log[-lines:])

    def check_sanitizers(self):
        with self.news:
            found = [i for i, line in enumerate(self.log) if SANITIZER.search(line)]
            assert not found, "\n".join(self.log[found[0]:found[0] + 60])

    def processes(self):
        """The program, its PostgreSQL and whatever else it started: {pid: command line}."""
        found = {}
        for session in self.sessions or [None]:
            found |= processes(self.folder, session)
        return found

    # -- talking to it ---------------------------------------------------------------------------------

    @property
    def url(self):
        return f"http://{self.addr}"

    @property
    def port(self):
        return int(self.addr.rpartition(":")[2])

    def connect(self, seconds=30):
        """A plain TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def raw(self, data, half_close=False, seconds=30):
        """Send bytes, return everything until the server closes."""
        with self.connect(seconds) as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            answer = bytearray()
            try:
                while piece := sock.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
            return bytes(answer)

    def cli(self, *args, **options):
        """A command of the program on the same data directory."""
        return run(*args, "--data-dir", self.data_dir, folder=self.folder, **options)


def beside_server(command):
    with Keelson() as k:
        return subprocess.run(command, env=os.environ | {"KEELSON_URL": k.url, "KEELSON_DATA_DIR": str(k.data_dir)}).returncode


if __name__ == "__main__":
    sys.exit(beside_server(sys.argv[1:]))
