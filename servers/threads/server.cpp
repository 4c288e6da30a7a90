#include "servers/threads/server.hpp"

#include "common/base/unix_time.hpp"
#include "common/net/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace echotrio::threads {
namespace {

constexpr Nanos kPause = std::chrono::milliseconds(50);
constexpr Nanos kMoment = std::chrono::milliseconds(50);
constexpr int kBurst = 64;  // accepts between two looks at the signals

net::Fd open_reserve() {
    return net::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

protocol::Section describe(const Gil::Stats& s) {
    using protocol::FieldKind;
    const auto counter = [](const char* name, const char* help, std::uint64_t value) {
        return protocol::Field{name, help, FieldKind::counter, static_cast<double>(value)};
    };
    const auto gauge = [](const char* name, const char* help, double value) {
        return protocol::Field{name, help, FieldKind::gauge, value};
    };
    return {
        "gil",
        {counter("acquisitions", "Times that the global lock was taken", s.acquisitions),
         counter("contended", "Of those, times that it was held by another thread", s.contended),
         gauge("wait_p50_us", "Median wait of the contended acquisitions", micros(s.wait_p50)),
         gauge("wait_p99_us", "99th percentile of their wait", micros(s.wait_p99)),
         counter("timeouts", "Waits for the lock that lasted a switch interval", s.timeouts),
         counter("drop_requests", "Times that a waiter asked the holder to drop the lock",
                 s.drop_requests),
         counter("forced_switches", "Drops that waited until another thread had the lock",
                 s.forced_switches),
         counter("switches", "Times that the lock went to another thread", s.switches),
         gauge("longest_hold_us", "Longest time that a thread held the lock",
               micros(s.longest_hold)),
         gauge("waiters_max", "Most threads that waited for the lock at once",
               static_cast<double>(s.waiters_max))}};
}

}  // namespace

Result<net::Fd> Server::listen(const Options& options) {
    auto listener = net::listen_tcp(options.common.listen, options.common.backlog);
    if (!listener) return listener;
    net::set_nonblocking(listener->get(), true);  // a connection may go before it is accepted
    // Linux hands it on to the sockets that are accepted: a call less a connection.
    net::set_receive_timeout(listener->get(), options.common.limits.idle);
    return listener;
}

Server::Server(const Options& options, net::Fd listener, net::SignalFd signals)
    : options_(options),
      listener_(std::move(listener)),
      signals_(std::move(signals)),
      reserve_(open_reserve()),
      all_done_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      gil_(options.gil),
      context_(options_.common.settings, counters_, *this, draining_, unix_time) {
    polled_.reserve(2 + Refusals::kMost);
    // the frames of a build with sanitizers are several times larger
    constexpr std::uint64_t kSanitizerRoom = sizeof ECHOTRIO_SANITIZERS > 1 ? 1024 * 1024 : 0;
    ::pthread_attr_init(&attributes_);
    ::pthread_attr_setdetachstate(&attributes_, PTHREAD_CREATE_DETACHED);
    ::pthread_attr_setstacksize(&attributes_, options_.stack_size + kSanitizerRoom);
}

Server::~Server() {
    ::pthread_attr_destroy(&attributes_);
}

bool Server::run() {
    gil_.take();
    while (!stopping_) {
        gil_.drop();
        wait_for_events();
        gil_.take();
        accept_waiting();
        refusals_.serve();
    }
    return drain();
}

void Server::wait_for_events() {
    // without the listener while accepting is paused: a negative descriptor is skipped
    polled_.assign({{signals_.fd(), POLLIN, 0}, {pausing_ ? -1 : listener_.get(), POLLIN, 0}});
    refusals_.append_to(polled_);
    const Nanos most = pausing_ ? kPause : Nanos::max();
    ::poll(polled_.data(), polled_.size(),
           net::poll_timeout(std::min(most, refusals_.time_left())));
    pausing_ = false;
    stopping_ = signals_.take().has_value();
}

void Server::accept_waiting() {
    for (int i = 0; i < kBurst && !stopping_; ++i) {
        gil_.drop();
        net::Accepted accepted = net::accept_one(listener_.get(), false);
        gil_.take();
        if (accepted.connection) {
            start_thread(std::move(accepted.connection));
        } else if (accepted.error == EMFILE || accepted.error == ENFILE) {
            return shed_one();
        } else {
            pausing_ = accepted.error != EAGAIN;
            return;
        }
    }
}

void Server::start_thread(net::Fd connection) {
    const auto& common = options_.common;
    const std::uint64_t connections = running_.load(std::memory_order_relaxed) - 1;
    if (connections >= std::min(options_.max_threads, common.max_connections)) {
        return refusals_.add(std::move(connection));
    }
    Slot* slot = registry_.acquire(*this);
    if (slot == nullptr) return refusals_.add(std::move(connection));
    slot->connection = connection.get();
    running_.fetch_add(1, std::memory_order_relaxed);
    pthread_t thread{};
    if (::pthread_create(&thread, &attributes_, thread_main, slot) == 0) {
        static_cast<void>(connection.release());  // the thread closes it
        return;
    }
    // EAGAIN: the system has no more threads, or no memory for the stack
    running_.fetch_sub(1, std::memory_order_relaxed);
    slot->connection = -1;
    registry_.release(*slot);
    refusals_.add(std::move(connection));
}

// Out of descriptors: the connection that waits is closed, so that its peer knows and the listener
// does not stay ready for ever.
void Server::shed_one() {
    reserve_.reset();
    net::Accepted accepted = net::accept_one(listener_.get(), false);
    if (accepted.connection) counters_.refused.add();
    pausing_ = !accepted.connection;
    accepted.connection.reset();
    reserve_ = open_reserve();
}

void* Server::thread_main(void* argument) {
    Slot& slot = *static_cast<Slot*>(argument);
    Server& server = *slot.server;
    serve_connection(slot, server.shared_);
    server.registry_.release(slot);
    // Nothing of the server is touched after the last one has left and said so.
    const int all_done = server.all_done_.get();
    if (server.running_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        ::eventfd_write(all_done, 1);
    }
    return nullptr;
}

bool Server::drain() {
    listener_.reset();
    draining_.store(true);
    refusals_.clear();
    // Thousands that wait for the lock at once, each waking up after every interval, would keep the
    // machine busy with that; waiting among them lets one batch go before the next.
    registry_.end_idle([this] {
        gil_.drop();
        gil_.take();
    });
    gil_.drop();
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) return true;

    // timeout(1) sends its signal twice; idle connections need a moment to end
    const TimePoint soon = now() + kMoment;
    TimePoint deadline = std::max(soon, now() + options_.common.drain_timeout);
    while (true) {
        const Nanos left = deadline - now();
        std::array<pollfd, 2> polled{{{all_done_.get(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), net::poll_timeout(left));
        eventfd_t done = 0;
        if (::eventfd_read(all_done_.get(), &done) == 0) return true;
        if (left <= Nanos(0)) return false;
        if (signals_.take()) deadline = std::min(deadline, soon);
    }
}

protocol::Stats Server::collect() {
    protocol::Stats stats;
    stats.model = options_.common.settings.model;
    stats.pids = {::getpid()};
    stats.uptime_s = seconds(now() - started_);
    registry_.add_to(stats.totals);
    stats.totals.add(counters_);
    stats.own.push_back(describe(gil_.stats()));
    return stats;
}

}  // namespace echotrio::threads
