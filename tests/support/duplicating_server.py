"""A server that sends every reply twice, the second time when nobody has asked: in threads, so that no loop has to run."""

import json
import re
import socket
import threading
from contextlib import suppress

from voxsip.emulator._http.tls import server_context


def reply_of(answer):
    """Return the bytes of a reply."""
    body = json.dumps(answer).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class DuplicatingServer:
    """Answer the n-th request with `answer(n)`, and once more as soon as that has left."""

    twice = True

    def __init__(self, answer, ca=None):
        self.answer = answer
        self.connections = 0
        self.requests = 0
        self.repeated = threading.Semaphore(0)
        self._tls = None if ca is None else server_context(ca)
        self.serving = []
        self._sockets = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if ca is None else "https"
        self.base_url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/platform_api"

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        for one in [self._listener, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                # else the second reply waits for the first one's acknowledgement, 40 ms perhaps, and nobody can see it
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self._sockets.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection):
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            self.serving.append(connection)
            with connection, connection.makefile("rb") as lines:
                while self._read(lines):
                    self.requests += 1
                    reply = reply_of(self.answer(self.requests))
                    connection.sendall(reply)
                    if self.twice:
                        with suppress(OSError):
                            connection.sendall(reply)
                        self.repeated.release()

    @staticmethod
    def _read(lines):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = lines.readline()
            if not line:
                return False
            head += line
        length = re.search(rb"(?i)content-length: (\d+)", head)
        lines.read(int(length[1]) if length else 0)
        return True
