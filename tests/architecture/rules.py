"""The rules of the house as data: what may include what, which words live where.

check.py applies them. A place is a folder ("loadgen/engine") or a file; "" is the whole tree.
"""

from dataclasses import dataclass, field

CODE = (".cpp", ".hpp", ".c", ".h")
PRODUCT = ("common", "servers", "loadgen")
PYTHON_PURE = tuple(f"servers/python/{name}.py" for name in (
    "counters", "deadline", "heap", "http_head", "http_session", "pages", "protocol", "steps", "units", "work"))
RENDEZVOUS_PURE = tuple(f"loadgen/rendezvous/{name}.{ending}" for ending in ("cpp", "hpp") for name in (
    "clock_offset", "leader", "line_buffer", "member", "message", "party"))
PURE = ("common/protocol", "loadgen/models", "loadgen/schedule", "loadgen/traffic", "loadgen/record", "loadgen/load", "loadgen/analysis",
        "loadgen/design", "loadgen/findings", *RENDEZVOUS_PURE)

# The global lock; --accept lock, a variant of prefork; the claim about what sharing costs.
LOCK_IS_THE_SUBJECT = ("servers/threads/gil.hpp", "servers/threads/gil.cpp", "servers/prefork/accept_lock.hpp",
                       "servers/prefork/accept_lock.cpp", "loadgen/claims/sharing.cpp")

# All of common but the processes, which are some servers' own.
UNSUPERVISED = ("common/base", "common/net", "common/protocol", "common/work")

# Which of our folders a folder may include, beside itself. The servers do not know each other, and
# the instrument does not know its subjects. tests/ may include everything.
EDGES = {
    "common/base": (),
    "common/protocol": ("common/base",),
    "common/work": ("common/base",),
    "common/net": ("common/base", "common/protocol"),
    "common/supervise": ("common/base", "common/net", "common/protocol"),
    "servers/prefork": ("common",),
    "servers/threads": UNSUPERVISED,  # one process
    "servers/coroutine": ("common",),
    # from the ground up: each may look down only
    "loadgen/models": ("common/base",),
    "loadgen/record": ("common/base",),
    "loadgen/schedule": ("common/base",),
    "loadgen/traffic": ("common/base", "loadgen/schedule"),
    "loadgen/load": ("common/base", "common/net", "loadgen/schedule"),
    "loadgen/results": ("common/base", "loadgen/record"),
    "loadgen/rendezvous": ("common/base", "common/net", "loadgen/results"),
    "loadgen/analysis": ("common/base", "loadgen/record", "loadgen/results"),
    "loadgen/engine": ("common/base", "common/net", "loadgen/record", "loadgen/schedule", "loadgen/load",
                       "loadgen/results"),
    "loadgen/probe": ("common/base", "common/net", "loadgen/results"),
    "loadgen/subject": ("common/base", "common/net", "loadgen/models", "loadgen/load", "loadgen/results", "loadgen/probe"),
    # what an experiment is; how it is run
    "loadgen/design": ("common/base", "common/net", "loadgen/models", "loadgen/schedule", "loadgen/load",
                       "loadgen/results"),
    "loadgen/experiment": (*UNSUPERVISED, "loadgen/models", "loadgen/schedule", "loadgen/load", "loadgen/results", "loadgen/analysis", "loadgen/engine",
                           "loadgen/probe", "loadgen/subject", "loadgen/design"),
    "loadgen/claims": (*UNSUPERVISED, "loadgen/models", "loadgen/load", "loadgen/results", "loadgen/analysis",
                       "loadgen/probe", "loadgen/subject", "loadgen/design", "loadgen/experiment"),
    # what the reports are made of: nothing here runs anything
    "loadgen/findings": ("common/base", "loadgen/models", "loadgen/results", "loadgen/analysis", "loadgen/design"),
    "loadgen/document": ("common/base", "loadgen/models", "loadgen/record", "loadgen/results"),
    "loadgen/report": ("common/base", "loadgen/models", "loadgen/record", "loadgen/results", "loadgen/analysis",
                       "loadgen/design", "loadgen/findings", "loadgen/document"),
    "loadgen/commands": (*UNSUPERVISED, "loadgen"),
    "loadgen/main.cpp": ("common/base", "common/net", "loadgen/commands"),
}


@dataclass
class Rule:
    """Text that matches `pattern` is allowed in `only`, a mistake elsewhere in `scope`."""

    name: str
    pattern: str
    use: str  # "X is not allowed here, use <this>"
    scope: tuple = PRODUCT
    only: tuple = ()
    files: tuple = CODE  # suffixes; () = every text file
    raw: bool = False  # also look into comments and strings


RULES = [
    # pure folders: given data, they answer; so they are tested without a socket or a clock
    Rule("posix-in-pure",
         r"#\s*include\s*<(sys/|netinet/|arpa/|net/|linux/|unistd|fcntl|poll|pthread|signal|csignal"
         r"|sched|netdb|dirent|termios|time\.h|ctime)[^>]*>",
         "data handed in by the caller (common/net or loadgen/probe do the system calls)",
         scope=PURE),
    Rule("clock-in-pure",
         r"\bnow\s*\(|\b(clock_gettime|gettimeofday|clock_nanosleep|nanosleep)\s*\(|\btime\s*\(\s*"
         r"(nullptr|NULL|0)\s*\)|\bthis_thread\b",
         "a time handed in by the caller", scope=PURE),
    # each server is what it says
    Rule("coroutines", r"\bco_(await|return|yield)\b",
         "blocking calls (coroutines are the subject of servers/coroutine)",
         only=("servers/coroutine",)),
    Rule("asio", r"#\s*include\s*[<\"]asio|\basio\s*::",
         "common/net (the instrument shares no runtime with its subjects)",
         only=("servers/coroutine",)),
    # Asio promises nothing about its inner parts, so what a release may break is one small file
    Rule("asio-detail", r"\basio\s*::\s*detail\b", "Asio's public parts, or servers/coroutine/watched.hpp",
         only=("servers/coroutine/watched.hpp",)),
    Rule("processes", r"\b(fork|vfork|_Fork|posix_spawnp?|clone3?|popen|system|exec[lv]p?e?)\s*\(",
         "common/supervise (a server's processes) or loadgen/subject/child.hpp",
         only=("common/supervise", "loadgen/subject/child.cpp", "loadgen/subject/guard.cpp",
               "loadgen/subject/guard_process.cpp")),
    Rule("epoll", r"\bepoll_(create1?|ctl|p?wait2?|event)\b|\bio_uring\w*|<sys/epoll\.h>",
         "the model's own way of waiting (epoll is the generator's)", only=("loadgen/engine",)),
    Rule("locks",
         r"\bstd\s*::\s*(\w*mutex|condition_variable\w*|counting_semaphore|binary_semaphore|latch"
         r"|barrier)\b|\b(pthread_(mutex|cond|rwlock|spin|barrier)|sem)_\w+|"
         r"#\s*include\s*<(mutex|shared_mutex|condition_variable|semaphore(\.h)?|latch|barrier)>",
         "data with one owner (where a lock is the subject is listed in rules.py)", only=LOCK_IS_THE_SUBJECT),
    Rule("threads", r"\bstd\s*::\s*(jthread|thread|async)\b|\bpthread_create\b|<thread>",
         "the model's own concurrency (prefork and coroutine have processes of one thread)",
         only=("servers/threads", "loadgen")),
    # the twins in Python, by what they import
    Rule("python-pure", r"(?m)^\s*(?:from|import)\s+(?:socket|select|selectors|ssl|os|signal|subprocess|mmap|fcntl"
                        r"|resource)\b",
         "data handed in by the caller (server.py, blocking_peer.py and the three servers do the system calls)",
         scope=PYTHON_PURE, files=(".py",)),
    Rule("python-threads", r"(?m)^\s*(?:from|import)\s+(?:threading|_thread|concurrent|multiprocessing|queue)\b",
         "the model's own concurrency (prefork has os.fork, asyncio one thread)",
         scope=("servers/python",), only=("servers/python/threads.py",), files=(".py",)),
    Rule("python-processes", r"\bos\.(?:fork|posix_spawn\w*|exec\w+|popen|system)\b|(?m:^\s*(?:from|import)\s+"
                             r"subprocess\b)",
         "the model's own concurrency (processes are prefork's)",
         scope=("servers/python",), only=("servers/python/prefork.py",), files=(".py",)),
    Rule("python-coroutines", r"(?m)^\s*(?:from|import)\s+asyncio\b|\basync\s+def\b",
         "blocking calls (coroutines are the subject of asyncio_server.py)",
         scope=("servers/python",), only=("servers/python/asyncio_server.py",), files=(".py",)),
    Rule("eintr", r"\bEINTR\b", "the wrappers of common/net, which repeat interrupted calls",
         only=("common/net",)),
    # what differs between the models is a fact in one table
    Rule("model-name", r'[=!]=\s*"(prefork|threads|coroutine)"',
         "a question to loadgen/models (is_pool, takes_turns, ...)",
         scope=("loadgen",), only=("loadgen/models",), raw=True),
    # the text of the project stands on its own
    Rule("machine-path", r"(?<![\w.])/(work|farm|root)/|(?<![\w.])/home/\w|/tmp/\w*_jobs",
         "a path relative to the checkout, or one made by mkdtemp", scope=("",), files=(), raw=True),
    Rule("package-host",
         r"\b([a-z]+\.debian\.org|[a-z]+\.ubuntu\.com|[a-z]+\.docker\.(io|com)|ghcr\.io|quay\.io"
         r"|registry\.k8s\.io|pypi\.org|registry\.npmjs\.org)\b",
         "the package's name (the machine knows where its packages come from)",
         scope=("",), files=(), raw=True),
]

# Files end at FILE_LINES (tests, with their tables of cases, at TEST_FILE_LINES), functions at
# FUNCTION_LINES: about 70 and the signature.
FILE_LINES = 400
TEST_FILE_LINES = 500
FUNCTION_LINES = 80
