"""A web server that writes down what it is asked for, for the tests of what the generator sends.

recording_server.py FILE: a line "METHOD PATH BYTES" of each request goes to FILE, BYTES of its body.
"""

import http.server
import os
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body leave together: no wait for a delayed acknowledgement
    lock = threading.Lock()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with Handler.lock:
            Handler.file.write(f"{self.command} {self.path} {len(body)}\n")
            Handler.file.flush()
        reply = b"seen"
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    with open(sys.argv[1], "w", encoding="ascii") as Handler.file:
        server = Server(("127.0.0.1", 0), Handler)
        print(f"ready model=recorder host=127.0.0.1 port={server.server_port} pid={os.getpid()}",
              flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
