"""One request and its repetition, over kept-alive connections.  Threads may share a Transport.

Repeated are only calls that cannot act twice (`safe`), and only when the server said that it did nothing (429, 503 marked
retryable) or the connection failed.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import random
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import List, Mapping, Optional
from urllib.parse import urlsplit

from .errors import KeelsonError, error_from

LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]      # lower case names
    body: bytes


@dataclass(frozen=True)
class Request:
    method: str
    target: str                     # path and query, encoded
    headers: Mapping[str, str]
    body: Optional[bytes] = None
    safe: bool = False              # repeating it cannot act twice


class Transport:
    def __init__(self, base_url: str, api_key: Optional[str] = None, *, timeout: float = 30.0, max_retries: int = 4,
                 max_idle: int = 32, ssl_context: Optional[ssl.SSLContext] = None) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"base_url is not an http or https URL: {base_url!r}")
        self.base_url = base_url.rstrip("/")
        self._tls = url.scheme == "https"
        self._host, self._port = url.hostname, url.port
        self._prefix = url.path.rstrip("/")
        self._headers = {"Accept": "application/json, application/problem+json;q=0.9, */*;q=0.1"}
        if api_key:
            self._headers["Authorization"] = "Bearer " + api_key
        self.timeout = timeout
        self.max_retries = max_retries
        self._max_idle = max_idle
        self._context = ssl_context
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request) -> Answer:
        """KeelsonError for an error status and for no answer."""
        attempt = 0
        while True:
            try:
                return self._once(request)
            except KeelsonError as error:
                wait = wait_seconds(error, attempt) if request.safe and attempt < self.max_retries else None
                if wait is None:
                    raise
            time.sleep(wait)
            attempt += 1

    def close(self) -> None:
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for connection in idle:
            connection.close()

    def _once(self, request: Request) -> Answer:
        connection = self._take()
        try:
            connection.request(request.method, self._prefix + request.target, request.body, {**self._headers, **request.headers})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._no_answer(error) from error
        except BaseException:       # interrupted in the middle: the next answer on it would be this one's
            connection.close()
            raise
        self._give_back(connection, response.will_close)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.status >= 400:
            raise error_from(response.status, response.reason, headers, body)
        return Answer(response.status, headers, body)

    def _no_answer(self, error: Exception) -> KeelsonError:
        if isinstance(error, socket.timeout):
            return KeelsonError(f"no answer within {self.timeout:g} s", code="timeout", retryable=True)
        return KeelsonError(f"{self.base_url} cannot be reached: {error or type(error).__name__}", code="network", retryable=True)

    def _take(self) -> http.client.HTTPConnection:
        """A connection the server has not closed meanwhile, the most recently used first."""
        while True:
            with self._lock:
                if self._closed:
                    raise RuntimeError("this client is closed")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._new()
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()

    def _new(self) -> http.client.HTTPConnection:
        if self._tls:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self.timeout, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self.timeout)

    def _give_back(self, connection: http.client.HTTPConnection, will_close: bool) -> None:
        with self._lock:
            if not will_close and not self._closed and len(self._idle) < self._max_idle:
                self._idle.append(connection)
                return
        connection.close()


def _readable(sock: socket.socket) -> bool:
    """Nothing is owed to us on an idle connection: what can be read is its end."""
    poll = select.poll() if hasattr(select, "poll") else None
    if poll is None:
        return bool(select.select([sock], [], [], 0)[0])
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def wait_seconds(error: KeelsonError, attempt: int) -> Optional[float]:
    """Until the next attempt; None: this error is final."""
    if not error.retryable or error.status not in (0, 429, 503):
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    return 0.1 * 2.0**attempt * random.uniform(0.5, 1.5)
