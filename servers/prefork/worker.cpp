#include "servers/prefork/worker.hpp"

#include "common/base/rng.hpp"
#include "common/base/unix_time.hpp"
#include "common/net/signals.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <new>

namespace echotrio::prefork {
namespace {

using net::Io;
using protocol::Step;

// A connection that is turned away holds a worker until its protocol is known; not for long.
constexpr Nanos kRefusalTime = std::chrono::milliseconds(200);
// Descriptors or memory are out: until some may be free again.
constexpr Nanos kShortage = std::chrono::milliseconds(100);

// The limit of --max-connections-per-worker with up to a quarter on top, so that workers which
// started together do not recycle together.
std::uint64_t with_jitter(std::uint64_t limit) {
    if (limit == 0) return std::numeric_limits<std::uint64_t>::max();
    return limit + Rng(static_cast<std::uint64_t>(::getpid())).below(limit / 4 + 1);
}

// To the end, whatever signals come.
void sleep_for(Nanos duration) {
    const auto until = (now() + duration).time_since_epoch().count();
    const timespec at{until / 1'000'000'000, until % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
    }
}

}  // namespace

Worker::Worker(const Options& options, const work::Burner& burner, const Post& post)
    : options_(options),
      burner_(burner),
      post_(post),
      slot_(post.board.slot(post.slot)),
      stop_(slot_, post.listener, post.started, draining_),
      connections_left_(with_jitter(options.max_connections_per_worker)),
      context_(options.settings, slot_.counters, post.board, draining_, unix_time) {}

int Worker::run() {
    net::SignalFd::unblock_all();  // from here on an order arrives, also one that came before
    slot_.state.store(State::idle);
    slot_.expect(Nanos(0));
    ::eventfd_write(post_.started, 1);
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
    slot_.expect(options_.request_timeout);
    slot_.state.store(State::busy);
    try {
        serve(connection);
    } catch (const std::bad_alloc&) {  // this connection goes, the worker stays
        slot_.counters.resets.add();
    }
    stop_.watch(-1);
    post_.board.leave_seat(post_.slot);
    slot_.expect(Nanos(0));
    slot_.state.store(State::idle);
}

net::Accepted Worker::accept() {
    if (post_.lock == nullptr) return net::accept_one(post_.listener, false);
    const TimePoint wanted = now();
    if (!post_.lock->acquire(stop_.leaving_flag())) return {};
    slot_.lock_wait_ns.add(static_cast<std::uint64_t>((now() - wanted).count()));
    net::Accepted accepted = net::accept_one(post_.listener, false);
    post_.lock->release();
    return accepted;
}

void Worker::serve(int connection) {
    protocol::Session session(context_);
    Patience patience = welcome(connection, session);
    while (true) {
        const Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read: {
                if (!begin_read(session, patience)) {
                    session.timed_out();
                    break;
                }
                const Io io = net::read_some(connection, context_.input);
                const bool stopped = heed_orders(session, patience);
                if (io.kind == Io::Kind::bytes) {
                    session.receive({context_.input.data(), io.count});
                } else if (io.kind == Io::Kind::end) {
                    session.end_of_stream();
                } else if (io.kind == Io::Kind::failed) {
                    return slot_.counters.resets.add();
                } else if (!stopped) {
                    session.timed_out();
                }
                break;
            }
            case Step::Kind::write: {
                slot_.expect(options_.idle_timeout);
                const Io io = net::write_some(connection, step.bytes);
                if (io.kind == Io::Kind::would_block) return slot_.counters.timeouts.add();
                if (io.kind == Io::Kind::failed) return slot_.counters.resets.add();
                session.written(io.count);
                break;
            }
            case Step::Kind::compute:
                burner_.burn(step.duration, work::kSlice,
                             [this] { slot_.expect(options_.request_timeout); });
                heed_orders(session, patience);
                break;
            case Step::Kind::wait:
                slot_.expect(bound_with(step.duration));
                sleep_for(step.duration);
                heed_orders(session, patience);
                break;
            case Step::Kind::shut_down:
                slot_.state.store(State::closing);
                ::shutdown(connection, SHUT_WR);
                break;
            case Step::Kind::close:
                return;
        }
    }
}

Patience Worker::welcome(int connection, protocol::Session& session) {
    stop_.watch(connection);
    if (post_.board.take_seat(post_.slot)) {
        return {stop_, {options_.idle_timeout, options_.request_timeout}};
    }
    session.refuse();
    return {stop_, {kRefusalTime, kRefusalTime}};
}

bool Worker::begin_read(const protocol::Session& session, Patience& patience) {
    bool in_time = true;
    if (session.lingering()) {
        in_time = patience.begin_linger();
    } else {
        std::optional<std::uint64_t> request;
        if (session.in_request()) request = slot_.counters.requests.get();  // replies made so far
        in_time = patience.begin_read(request);
    }
    slot_.expect(patience.bound());
    return in_time;
}

// After each call that may have blocked for long, so that the reply that follows tells the client.
// True: a drain has been ordered meanwhile, and a read may have ended for that only.
bool Worker::heed_orders(const protocol::Session& session, Patience& patience) {
    if (!stop_.leaving() || draining_.load(std::memory_order_relaxed)) return false;
    // Told to retire: an HTTP client hears of it with the next reply and opens another connection;
    // raw echo has no words for that, so it goes on to its end.
    if (!stop_.draining() && !session.http()) return false;
    draining_.store(true, std::memory_order_relaxed);
    patience.forget();
    return stop_.draining();
}

// The wait of a request is known; it has no bound when receiving one has none.
Nanos Worker::bound_with(Nanos wait) const noexcept {
    return options_.request_timeout > Nanos(0) ? wait + options_.request_timeout : Nanos(0);
}

}  // namespace echotrio::prefork
