#include "servers/prefork/worker.hpp"

#include "common/base/rng.hpp"
#include "common/base/unix_time.hpp"
#include "common/net/signals.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <new>

namespace echotrio::prefork {
namespace {

// Descriptors or memory are out: until some may be free again.
constexpr Nanos kShortage = std::chrono::milliseconds(100);

// The limit of --max-connections-per-worker with up to a quarter on top, so that workers which
// started together do not recycle together.
std::uint64_t with_jitter(std::uint64_t limit) {
    if (limit == 0) return std::numeric_limits<std::uint64_t>::max();
    return limit + Rng(static_cast<std::uint64_t>(::getpid())).below(limit / 4 + 1);
}

}  // namespace

Worker::Worker(const Options& options, const work::Burner& burner, Heap& heap,
               const WorkerSetup& setup)
    : options_(options),
      setup_(setup),
      slot_(setup.board.slot(setup.slot)),
      stop_(slot_, setup.listener, setup.started, draining_),
      connections_left_(with_jitter(options.max_connections_per_worker)),
      context_(options.settings, slot_.counters, setup.board, draining_, unix_time),
      parts_{options.limits, burner, heap, slot_, stop_, draining_, context_.input} {}

int Worker::run() {
    net::SignalFd::unblock_all();  // from here on an order arrives, also one that came before
    supervise::report_started(slot_, setup_.started);
    while (connections_left_ > 0 && !stop_.leaving()) {
        const net::Accepted accepted = accept();
        if (accepted.connection) {
            --connections_left_;
            occupied(accepted.connection.get());
        } else if (accepted.error == EMFILE || accepted.error == ENFILE ||
                   accepted.error == ENOBUFS || accepted.error == ENOMEM) {
            sleep_for(kShortage);
        } else if (!stop_.leaving() && accepted.error != EINVAL) {  // EINVAL: shut down meanwhile
            net::log_line("echo-prefork",
                          fmt::format("cannot accept: {}", std::strerror(accepted.error)));
            return 1;
        }
    }
    return 0;
}

// Before and after a connection; what a client may ask about is told before it sees the end.
void Worker::occupied(int connection) {
    slot_.connections.add();
    slot_.expect(options_.limits.request);
    slot_.state.store(State::busy);
    stop_.watch(connection);
    context_.replies_left = options_.keep_alive;
    try {
        protocol::Session session(context_);
        if (!setup_.board.take_seat(setup_.slot)) session.refuse();
        Peer peer(connection, session, parts_);
        serve(session, peer);
    } catch (const std::bad_alloc&) {  // this connection goes, the worker stays
        slot_.counters.resets.add();
    }
    stop_.watch(-1);
    setup_.board.leave_seat(setup_.slot);
    slot_.expect(Nanos(0));
    slot_.state.store(State::idle);
}

net::Accepted Worker::accept() {
    if (setup_.lock == nullptr) return net::accept_one(setup_.listener, false);
    const TimePoint wanted = now();
    if (!setup_.lock->acquire(stop_.leaving_flag())) return {};
    slot_.lock_wait_ns.add(static_cast<std::uint64_t>((now() - wanted).count()));
    net::Accepted accepted = net::accept_one(setup_.listener, false);
    setup_.lock->release();
    return accepted;
}

}  // namespace echotrio::prefork
