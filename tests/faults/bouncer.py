"""PgBouncer between the service and a server: Debian's, as an unprivileged user, with everything it is given in its own folder.

    with Bouncer(server, "transaction", default_pool_size=4) as b:      # connect clients to b.port
        b.change(pool_mode="session")                                   # a setting, while it runs
        b.console("SHOW POOLS")
"""
# SPDX-License-Identifier: Apache-2.0

import os
import shutil
import signal
import subprocess
from urllib.parse import urlsplit

import psycopg
from bare import USER, free_port
from conftest import until

BINARY = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


class Bouncer:
    def __init__(self, server, mode, **settings):
        self.server, self.port = server, free_port()
        self.folder = server.folder / f"bouncer-{self.port}"
        self.settings = {"pool_mode": mode} | settings
        self.process = None

    def url(self, own):
        """The same way as `own`, but through here."""
        return own.replace(f":{self.server.port}/", f":{self.port}/")

    def users(self):
        place = self.server.prepared
        service = urlsplit(place.env()["DATABASE_URL"])
        return {service.username: service.password, place.owner: place.password, "admin": "admin"}

    def write(self):
        fixed = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "scram-sha-256",
                 "auth_file": self.folder / "users", "admin_users": "admin", "server_login_retry": 1}
        lines = [f"{name} = {value}" for name, value in (fixed | self.settings).items()]
        (self.folder / "ini").write_text(f"[databases]\n* = host=127.0.0.1 port={self.server.port}\n[pgbouncer]\n" + "\n".join(lines) + "\n")
        (self.folder / "users").write_text("".join(f'"{name}" "{word}"\n' for name, word in self.users().items()))

    def __enter__(self):
        self.folder.mkdir()
        self.write()
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen([BINARY, "-q", str(self.folder / "ini")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, **USER)
        until(self.answers)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.console("SHOW VERSION")
        except psycopg.OperationalError:
            return False

    def console(self, command):
        with psycopg.connect(host="127.0.0.1", port=self.port, user="admin", password="admin", dbname="pgbouncer", autocommit=True) as c:
            answer = c.execute(command)
            return answer.fetchall() if answer.description else None

    def change(self, **settings):
        self.settings |= settings
        self.write()
        self.console("RELOAD")
