"""Something that speaks PostgreSQL's protocol but is not the server one hoped for: an old one, a transaction pooler, a provider.

    Impostor("14.12")                               # says that version, answers every question with nothing
    Impostor(behind=place, settings="refuses")      # a pooler before place's database; settings: "refuses" or "ignores" `options`
    Provider(behind=place)                          # as Neon: wants to hash the passwords of roles itself
"""
# SPDX-License-Identifier: Apache-2.0

import itertools
import socket
import struct
import threading


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def status(name, value):
    return message(b"S", name + b"\0" + value + b"\0")


READY = message(b"Z", b"I")


def error(text):
    return message(b"E", b"SFATAL\0VFATAL\0C08P01\0M" + text + b"\0\0")


class Stream:
    def __init__(self, sock):
        self.sock, self.file = sock, sock.makefile("rb")

    def startup(self):
        """The parameters of the startup packet; TLS and GSS are declined."""
        while True:
            size, code = struct.unpack("!II", self.file.read(8))
            body = self.file.read(size - 8)
            if code == 196608:
                parts = body.split(b"\0")
                return dict(zip(parts[::2], parts[1::2]))
            if code not in (80877103, 80877104):
                raise EOFError
            self.sock.sendall(b"N")

    def read(self):
        kind = self.file.read(1)
        if not kind or kind == b"X":
            raise EOFError
        (size,) = struct.unpack("!I", self.file.read(4))
        return kind, self.file.read(size - 4)


class Impostor:
    def __init__(self, version="15.5", behind=None, user=None, settings="ignores"):
        self.version, self.behind, self.settings = version, behind, settings
        self.user = user or (behind.owner if behind else "me")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.numbers = itertools.count(1000)
        self.lock = threading.Lock()
        self.backend, self.startups = None, []

    @property
    def url(self):
        name = self.behind.name if self.behind else "app"
        return f"postgresql://{self.user}:secret-Pa55word@127.0.0.1:{self.listener.getsockname()[1]}/{name}"

    def __enter__(self):
        self.begin()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        if self.backend:
            self.backend.sock.close()

    def begin(self):
        if self.behind:
            self.backend = self.login()

    def login(self):
        """A session; a pooler's clients share one.  As a superuser over the socket, where no password is asked, acting as `user`."""
        server = self.behind.server
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(f"{server.folder}/.s.PGSQL.{server.port}")
        stream = Stream(sock)
        body = struct.pack("!I", 196608) + b"user\0postgres\0database\0" + self.behind.name.encode() + b"\0\0"
        sock.sendall(struct.pack("!I", len(body) + 4) + body)
        self.until_ready(stream)
        sock.sendall(message(b"Q", f"SET SESSION AUTHORIZATION {self.user}".encode() + b"\0"))
        self.until_ready(stream)
        return stream

    @staticmethod
    def until_ready(stream):
        """What the server says until it is ready, and whether a transaction is open then."""
        said = bytearray()
        while True:
            kind, body = stream.read()
            said += message(kind, body)
            if kind == b"Z":
                return bytes(said), body != b"I"

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Stream(sock),), daemon=True).start()

    def serve(self, client):
        try:
            given = client.startup()
            self.startups.append(given)
            if self.backend and self.settings == "refuses" and b"options" in given:
                client.sock.sendall(error(b"unsupported startup parameter: options"))
                return
            client.sock.sendall(message(b"R", struct.pack("!I", 0)) + status(b"server_version", self.version.encode()) +
                                status(b"client_encoding", b"UTF8") + status(b"standard_conforming_strings", b"on") +
                                message(b"K", struct.pack("!II", next(self.numbers), 7)) + READY)
            while True:
                self.pooled(client) if self.backend else self.empty(client)
        except (EOFError, OSError, struct.error):
            pass
        finally:
            client.sock.close()

    @staticmethod
    def empty(client):
        """No question is worth an answer."""
        kind, _ = client.read()
        if kind == b"Q":
            client.sock.sendall(message(b"T", b"\0\0") + message(b"C", b"SELECT 0\0") + READY)

    def pooled(self, client):
        """One transaction on the shared session."""
        first = client.read()
        with self.lock:
            open_, sent = True, first
            while open_:
                self.backend.sock.sendall(message(*sent))
                if sent[0] in b"QS":
                    said, open_ = self.until_ready(self.backend)
                    client.sock.sendall(said)
                if open_:
                    sent = client.read()


class Provider(Impostor):
    """Everybody has a session of their own; a transaction that sets a password which is hashed already cannot be committed."""

    REFUSAL = message(b"E", b'SERROR\0VERROR\0CXX000\0MReceived HTTP code 400 from control plane: '
                            b'{"error":"Neon only supports being given plaintext passwords"}\0\0')

    def begin(self):
        pass

    def serve(self, client):
        try:
            client.startup()
            server, hashed = self.login(), False
            client.sock.sendall(message(b"R", struct.pack("!I", 0)) + status(b"server_version", self.version.encode()) + READY)
            server.sock.sendall(message(b"Q", b"SET search_path = ''\0"))
            self.until_ready(server)
            while True:
                sent = client.read()
                hashed = hashed or b"PASSWORD 'SCRAM" in sent[1]
                if hashed and sent == (b"Q", b"COMMIT\0"):
                    hashed = False
                    server.sock.sendall(message(b"Q", b"ROLLBACK\0"))
                    self.until_ready(server)
                    client.sock.sendall(self.REFUSAL + READY)
                else:
                    server.sock.sendall(message(*sent))
                    if sent[0] in b"QS":
                        client.sock.sendall(self.until_ready(server)[0])
        except (EOFError, OSError, struct.error):
            pass
        finally:
            client.sock.close()
