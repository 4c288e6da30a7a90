#!/usr/bin/env python3
"""An observer that is slow to look: hands each question on to a real one, after a delay.

    late_observer.py PORT SECONDS     (of the real one on 127.0.0.1)
"""

import http.server
import os
import sys
import time
import urllib.request


class Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(sys.argv[2]))
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}{self.path}", timeout=10) as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late)
print(f"ready observer=late host=127.0.0.1 port={server.server_address[1]} pid={os.getpid()}", flush=True)
server.serve_forever()
