"""A page that waits 20 ms for something, in three ways that read alike: /await, /block, /thread. ASGI."""

import asyncio
import time

WAIT = 0.02  # seconds


async def wait_as_asked(path):
    if path == "/await":  # others run meanwhile
        await asyncio.sleep(WAIT)
    elif path == "/block":  # the loop stands still: a driver without async, a file, a lock
        time.sleep(WAIT)
    elif path == "/thread":  # the same call, in asyncio's pool of threads
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, WAIT)
    else:
        return False
    return True


async def app(scope, receive, send):
    assert scope["type"] == "http"
    found = await wait_as_asked(scope["path"])
    body = b"a row from the database\n" if found else b"try /await, /block or /thread\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
