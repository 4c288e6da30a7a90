#include "loadgen/engine/null_server.hpp"

#include "loadgen/engine/epoll_wait.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kLookForStop = std::chrono::milliseconds(20);

}  // namespace

Result<std::unique_ptr<NullServer>> NullServer::start(const Behaviour& behaviour) {
    auto listener = net::listen_tcp({"127.0.0.1", 0}, 4096);
    if (!listener) return listener.error();
    const auto where = net::local_address(listener->get());
    if (!where) return where.error();
    net::set_nonblocking(listener->get(), true);
    std::unique_ptr<NullServer> server(new NullServer(behaviour, std::move(*listener), *where));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = server->listener_.get();
    if (!server->epoll_ ||
        ::epoll_ctl(server->epoll_.get(), EPOLL_CTL_ADD, event.data.fd, &event)) {
        return Error{std::string("cannot make an epoll set: ") + std::strerror(errno)};
    }
    server->thread_ = std::thread([raw = server.get()] { raw->serve(); });
    return server;
}

NullServer::NullServer(const Behaviour& behaviour, net::Fd listener, net::HostPort where)
    : behaviour_(behaviour),
      listener_(std::move(listener)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      where_(std::move(where)),
      buffer_(64 * 1024) {}

NullServer::~NullServer() {
    stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
}

NullServer::Report NullServer::stop() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
    return std::move(report_);
}

void NullServer::serve() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    static_cast<void>(net::pin_to_cpus(behaviour_.cpus));
    std::array<epoll_event, 256> events{};
    while (!stop_.load(std::memory_order_relaxed)) {
        Nanos timeout = kLookForStop;
        if (!waiting_.empty()) {
            timeout = std::clamp(waiting_.front().due - now(), Nanos(0), kLookForStop);
        }
        const int n = wait_for_events(epoll_.get(), events, timeout);
        for (int i = 0; i < n; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener_.get()) {
                accept_all();
            } else {
                request(fd);
            }
        }
        send_due();
        stall_once();
    }
}

void NullServer::accept_all() {
    while (true) {
        net::Accepted accepted = net::accept_one(listener_.get(), true);
        if (!accepted.connection) return;
        epoll_event event{};
        event.events = EPOLLIN;
        const int fd = accepted.connection.get();
        event.data.fd = fd;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) {
            connections_.emplace(fd, std::move(accepted.connection));
        }
    }
}

void NullServer::request(int fd) {
    const Io io = net::read_some(fd, buffer_);
    if (io.kind == Io::Kind::would_block) return;
    if (io.kind != Io::Kind::bytes) {
        std::erase_if(waiting_, [&](const Reply& reply) { return reply.fd == fd; });
        connections_.erase(fd);
        return;
    }
    const std::string_view bytes(buffer_.data(), io.bytes.size());
    if (behaviour_.delay == Nanos(0) && behaviour_.stall == Nanos(0)) {
        // Small messages of a closed loop always fit the socket.
        static_cast<void>(net::write_some(fd, bytes));
        return;
    }
    const TimePoint came = now();
    if (first_ == TimePoint()) first_ = came;
    waiting_.push_back({fd, came, came + behaviour_.delay, std::string(bytes)});
}

void NullServer::send_due() {
    while (!waiting_.empty() && waiting_.front().due <= now()) {
        const Reply& reply = waiting_.front();
        report_.held.record((now() - reply.came).count());
        static_cast<void>(net::write_some(reply.fd, reply.bytes));
        waiting_.pop_front();
    }
}

void NullServer::stall_once() {
    if (behaviour_.stall == Nanos(0) || report_.stalled > Nanos(0) || first_ == TimePoint()) return;
    const TimePoint begin = now();
    if (begin - first_ < behaviour_.stall_after) return;
    std::this_thread::sleep_for(behaviour_.stall);
    report_.stalled = now() - begin;
}

}  // namespace echotrio::loadgen
