"""The rules of the house as data: what may include what, which words live where, and the exceptions.

check.py applies them. A place is a folder ("loadgen/engine") or a file; "" is the whole tree.
"""

from dataclasses import dataclass, field

CODE = (".cpp", ".hpp", ".c", ".h")
PRODUCT = ("common", "servers", "loadgen")
PURE = ("common/protocol", "loadgen/schedule", "loadgen/record", "loadgen/analysis")

# Which of our folders a folder may include, beside itself. The servers do not know each other, and
# the instrument does not know its subjects. tests/ may include everything.
EDGES = {
    "common/base": (),
    "common/protocol": ("common/base",),
    "common/work": ("common/base",),
    "common/net": ("common/base", "common/protocol"),
    "servers/prefork": ("common",),
    "servers/threads": ("common",),
    "servers/coroutine": ("common",),
    "loadgen/schedule": ("common/base",),
    "loadgen/record": ("common/base",),
    "loadgen/analysis": ("common/base", "loadgen/record"),
    "loadgen/engine": ("common/base", "common/net", "loadgen/record", "loadgen/schedule"),
    "loadgen/probe": ("common/base", "common/net", "loadgen/record"),
    # what an experiment is, not how it is run
    "loadgen/report": ("common/base", "loadgen/record", "loadgen/analysis",
                       "loadgen/experiment/claims.hpp", "loadgen/experiment/experiment.hpp", "loadgen/experiment/plan.hpp",
                       "loadgen/experiment/workload.hpp"),
    "loadgen/experiment": ("common", "loadgen/schedule", "loadgen/record", "loadgen/analysis",
                           "loadgen/engine", "loadgen/probe", "loadgen/report"),
    "loadgen/commands": ("common", "loadgen"),
    "loadgen/main.cpp": ("common/base", "loadgen/commands"),
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
    Rule("processes", r"\b(fork|vfork|_Fork|posix_spawnp?|clone3?|popen|system|exec[lv]p?e?)\s*\(",
         "loadgen/experiment/child.hpp",
         only=("servers/prefork", "loadgen/experiment/child.cpp")),
    Rule("epoll", r"\bepoll_(create1?|ctl|p?wait2?|event)\b|\bio_uring\w*|<sys/epoll\.h>",
         "the model's own way of waiting (epoll is the generator's)", only=("loadgen/engine",)),
    Rule("locks",
         r"\bstd\s*::\s*(\w*mutex|condition_variable\w*|counting_semaphore|binary_semaphore|latch"
         r"|barrier)\b|\b(pthread_(mutex|cond|rwlock|spin|barrier)|sem)_\w+|"
         r"#\s*include\s*<(mutex|shared_mutex|condition_variable|semaphore(\.h)?|latch|barrier)>",
         "data with one owner (the global lock in servers/threads/gil.* is the subject)",
         only=("servers/threads/gil.hpp", "servers/threads/gil.cpp")),
    Rule("threads", r"\bstd\s*::\s*(jthread|thread|async)\b|\bpthread_create\b|<thread>",
         "the model's own concurrency (prefork has processes, coroutine one thread)",
         only=("servers/threads", "loadgen")),
    Rule("eintr", r"\bEINTR\b", "the wrappers of common/net, which repeat interrupted calls",
         only=("common/net",)),
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

# (rule, path): why it is right there. One that nothing needs any more is reported.
EXCEPTIONS = {
    ("locks", "loadgen/experiment/claims_sharing.cpp"): "what a lock costs is what it measures",
    ("locks", "servers/prefork/accept_lock.hpp"): "--accept lock: a lock around accept is the variant",
    ("locks", "servers/prefork/accept_lock.cpp"): "--accept lock: a lock around accept is the variant",
}
