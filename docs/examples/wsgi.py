"""A page that waits 20 ms, as for a database, and costs next to no CPU time. WSGI."""

import time


def app(environ, start_response):
    time.sleep(0.02)  # gevent puts its own in place of this one, so that others run meanwhile
    body = b"a row from the database\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
