"""A TCP proxy between a PostgreSQL client and its server that knows where messages begin and end, and does to them what a test says.

    with Proxy(server_port) as proxy:
        ...                                              # connect clients to proxy.port
        fault = proxy.on(CLIENT, b"nonce-17", RST)       # when a message to the server holds these bytes, instead of passing it on
        fault = proxy.after(b"nonce-17", RST, skip=2)    # at the third message of the answer to it
        fault.hit.wait(5)                                # it has happened
        fault.lift()                                     # what was stalled goes on
        proxy.latency = 0.2                              # each way, from now on
        proxy.blackhole(SERVER)                          # nothing from the server arrives any more; proxy.restore()
        proxy.refuse(CLOSE); proxy.reset_all()           # new connections; the present ones

Everything happens in one thread with an event loop; nothing depends on time except what `latency` delays.
"""
# SPDX-License-Identifier: Apache-2.0

import asyncio
import socket
import struct
import threading

CLIENT, SERVER = "client", "server"             # who sends

RST = "rst"                 # both sockets are reset
CLOSE = "close"             # both are closed as after a polite end
HALF_CLOSE = "half-close"   # the client reads the end, its own direction stays open
TRUNCATE = "truncate"       # half of the message, then closed
STALL = "stall"             # this message and what follows it waits for lift()
DROP = "drop"               # this direction carries nothing any more; the other does, and the connection stays
GARBAGE = "garbage"         # bytes that are no protocol, then closed
OVERSIZED = "oversized"     # a message that claims to be 1 GiB long, then nothing

NOT_PROTOCOL = b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4
ENCRYPTION = (80877103, 80877104)               # SSLRequest, GSSENCRequest: answered here with no


class Fault:
    def __init__(self, proxy, side, marker, kind, action, skip, times):
        self.proxy, self.side, self.marker, self.kind, self.action = proxy, side, marker, kind, action
        self.skip, self.times = skip, times
        self.hit, self.count, self.lifted = threading.Event(), 0, asyncio.Event()

    def lift(self):
        self.proxy.call(self.lifted.set)
        self.remove()

    def remove(self):
        if self in self.proxy.faults:
            self.proxy.faults.remove(self)

    def matches(self, connection, side, message):
        """Does it happen to this message?"""
        if side != self.side or (self.kind and message[:1] != self.kind):
            return False
        if side == CLIENT:
            if self.marker not in message:
                return False
        elif self.marker and self.marker not in connection.asked:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count += 1
        if self.times and self.count >= self.times:
            self.remove()
        return True


class Connection:
    def __init__(self, proxy):
        self.proxy, self.asked, self.messages = proxy, b"", {CLIENT: 0, SERVER: 0}
        self.writers, self.dropped, self.open, self.reset = {}, set(), True, False

    def note(self, message):
        """What the client asked since the server last said that it is ready."""
        self.asked = (self.asked + message)[-1 << 20:]

    def end(self, reset=False):
        self.open = False
        for writer in self.writers.values():
            if reset and (sock := writer.get_extra_info("socket")) is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()


class Proxy:
    def __init__(self, server_port, host="127.0.0.1", at=None):
        self.server_port, self.host, self.at = server_port, host, at or (host, 0)
        self.faults, self.connections, self.refusing = [], set(), None
        self.latency, self.split, self.holes = 0.0, False, set()
        self.connect_delay = 0.0            # before the server hears of a new connection
        self.accepted = 0

    def __enter__(self):
        self.loop, started = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()
        return self

    def __exit__(self, *_):
        async def finish():
            self.listener.close()
            for connection in list(self.connections):
                connection.end(reset=True)
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(finish(), self.loop).result(10)
        self.call(self.loop.stop, wait=False)
        self.thread.join()
        self.loop.close()

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        self.listener = self.loop.run_until_complete(asyncio.start_server(self._accepted, *self.at))
        self.port = self.listener.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    def call(self, what, *args, wait=True):
        """In the proxy's thread; done when it returns."""
        async def run():
            return what(*args)
        future = asyncio.run_coroutine_threadsafe(run(), self.loop)
        return future.result(10) if wait else None

    # -- what a test says ------------------------------------------------------------------------------

    def on(self, side, marker, action, kind=None, skip=0, times=1):
        """At the message of `side` that holds `marker` (of the server: that follows a question which did)."""
        fault = Fault(self, side, marker, kind, action, skip, times)
        self.call(self.faults.append, fault)
        return fault

    def after(self, marker, action, kind=None, skip=0, times=1):
        return self.on(SERVER, marker, action, kind, skip, times)

    def blackhole(self, *sides):
        self.call(self.holes.update, sides)

    def refuse(self, action):
        """New connections end so, or, with STALL, are never answered; None: no longer."""
        self.refusing = action

    def vanish(self, connection, message):
        """An action: with this message everything is cut off and nobody gets in again."""
        self.refuse(RST)
        for c in list(self.connections):
            c.end(reset=True)
        return False

    def restore(self):
        def run():
            self.holes.clear()
            self.refusing, self.latency, self.split, self.connect_delay = None, 0.0, False, 0.0
            for fault in list(self.faults):
                fault.lifted.set()
            self.faults.clear()
        self.call(run)

    def reset_all(self):
        self.call(lambda: [c.end(reset=True) for c in list(self.connections)])

    # -- carrying --------------------------------------------------------------------------------------

    async def _accepted(self, reader, writer):
        self.accepted += 1
        connection = Connection(self)
        connection.writers[SERVER] = writer             # by whose bytes it carries
        self.connections.add(connection)
        try:
            if self.refusing == STALL:
                await reader.read(-1)
            elif self.refusing:
                connection.end(reset=self.refusing == RST)
            else:
                await self._carry(connection, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            connection.end()
            self.connections.discard(connection)

    async def _carry(self, connection, reader, writer):
        await asyncio.sleep(self.connect_delay)
        server_reader, server_writer = await asyncio.open_connection(self.host, self.server_port)
        connection.writers[CLIENT] = server_writer
        pumps = [asyncio.create_task(self._pump(connection, CLIENT, reader, server_writer)),
                 asyncio.create_task(self._pump(connection, SERVER, server_reader, writer))]
        _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        if not connection.open:
            for pump in pending:
                pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, connection, side, reader, writer):
        starting = side == CLIENT
        try:
            while True:
                message = await self._message(reader, starting)
                if starting and struct.unpack("!I", message[4:8])[0] in ENCRYPTION:
                    connection.writers[SERVER].write(b"N")
                    continue
                starting = False
                if not await self._pass(connection, side, message, writer):
                    return
        except (asyncio.IncompleteReadError, OSError) as e:
            connection.reset = connection.reset or not isinstance(e, asyncio.IncompleteReadError)
            if side in self.holes or side in connection.dropped:
                return
            if side == CLIENT and not connection.reset:
                self._later(writer.write_eof)       # the server may still have something to say
            else:
                self._later(connection.end)

    async def _message(self, reader, starting):
        head = await reader.readexactly(4 if starting else 5)
        return head + await reader.readexactly(struct.unpack("!I", head[-4:])[0] - 4)

    async def _pass(self, connection, side, message, writer):
        if side == CLIENT:
            connection.note(message)
        connection.messages[side] += 1
        fault = next((f for f in self.faults if f.matches(connection, side, message)), None)
        if side == SERVER and message[:1] == b"Z":
            connection.asked = b""
        if fault:
            fault.hit.set()
            if not await self._act(connection, side, message, writer, fault):
                return False
        self._send(connection, side, message, writer)
        return True

    async def _act(self, connection, side, message, writer, fault):
        """True: the message is still to be passed on."""
        action = fault.action
        if callable(action):
            return action(connection, message) is not False
        if action == STALL:
            await fault.lifted.wait()
            return True
        if action == DROP:
            connection.dropped.add(side)
            return True
        if action == TRUNCATE:
            writer.write(message[:max(1, len(message) // 2)])
        elif action == GARBAGE:
            writer.write(NOT_PROTOCOL)
        elif action == OVERSIZED:
            writer.write(message[:1] + struct.pack("!I", 1 << 30) + b"x" * 64)
            return False
        if action == HALF_CLOSE:
            connection.writers[SERVER].write_eof()
            connection.dropped.add(SERVER)
            return True
        connection.end(reset=action == RST)
        return False

    def _later(self, what, *args):
        if self.latency:
            self.loop.call_later(self.latency, what, *args)
        else:
            what(*args)

    def _send(self, connection, side, message, writer):
        if side in self.holes or side in connection.dropped:
            return

        def write():
            if not connection.open or writer.is_closing():
                return
            if self.split:
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for i in range(len(message)):
                    writer.write(message[i:i + 1])
            else:
                writer.write(message)
        self._later(write)
