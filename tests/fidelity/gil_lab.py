# CPython's lock as the subject of the experiments: the counterpart of gil_lab.cpp, which explains
# the arguments. Runs on Python 2.7 (LOCK is ticks) and on 3.2 and later (switch).
import socket
import struct
import sys
import threading
import time

REPETITIONS = 3
WORK = 0.12  # seconds


def monotonic_clock():
    if hasattr(time, 'monotonic_ns'):
        return time.monotonic_ns
    # Python 2.7 has no monotonic clock; PyDLL calls do not release the lock
    import ctypes

    class Timespec(ctypes.Structure):
        _fields_ = [('s', ctypes.c_long), ('ns', ctypes.c_long)]
    library = ctypes.PyDLL(None)
    value = Timespec()
    pointer = ctypes.byref(value)

    def clock():
        library.clock_gettime(1, pointer)
        return value.s * 1000000000 + value.ns
    return clock


def compute(turns):
    x = 1
    while turns > 0:
        x = (x * 5 + 3) & 0xffff
        turns -= 1


def burn_for_ever():
    while True:
        compute(1000000)


def start(target, *arguments):
    thread = threading.Thread(target=target, args=arguments)
    thread.daemon = True
    thread.start()
    return thread


def serve(burners):
    clock = monotonic_clock()
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(1)
    print(listener.getsockname()[1])
    sys.stdout.flush()
    connection = listener.accept()[0]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    compute(200000)  # 3.11 and later specialise what runs often
    for _ in range(burners):
        start(burn_for_ever)
    pack = struct.Struct('<q').pack
    while True:
        message = connection.recv(4096)
        at = clock()
        if not message:
            return
        connection.sendall(pack(at) + message[8:])


def time_of(threads, turns):
    clock = monotonic_clock()
    begin = clock()
    workers = [start(compute, turns // threads) for _ in range(threads)]
    for worker in workers:
        worker.join()
    return clock() - begin


def work(threads):
    turns = 100000
    time_of(1, turns)
    fastest = min(time_of(1, turns) for _ in range(5))
    turns = int(turns * WORK * 1e9 / fastest)
    time_of(1, turns)  # the first long one of a process is a fifth slower
    for _ in range(REPETITIONS):
        print('%d %d' % (time_of(1, turns), time_of(threads, turns)))


def main():
    lock, interval, experiment, count = sys.argv[1:]
    if lock == 'switch':
        sys.setswitchinterval(int(interval) / 1e6)
    else:
        sys.setcheckinterval(int(interval))
    if experiment == 'serve':
        serve(int(count))
    else:
        work(int(count))


main()
