// Listening, connecting, reading and writing.
#include "common/net/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

namespace echotrio::net {

using namespace std::chrono_literals;

namespace {

void set_flag(int fd, int level, int name) noexcept {
    const int on = 1;
    ::setsockopt(fd, level, name, &on, sizeof on);
}

void set_timeout(int fd, int name, Nanos timeout) noexcept {
    timeval value{};
    value.tv_sec = timeout.count() / 1'000'000'000;
    value.tv_usec = timeout.count() % 1'000'000'000 / 1000;
    // 0 means for ever, so a timeout below the grain becomes the grain
    if (timeout > Nanos(0) && value.tv_sec == 0 && value.tv_usec == 0) value.tv_usec = 1;
    ::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

std::string bind_advice(int error) {
    switch (error) {
        case EADDRINUSE:
            return "; another program listens there: stop it or choose another --port";
        case EACCES:
            return "; ports below 1024 need more rights: choose another --port";
        case EADDRNOTAVAIL:
            return "; this machine has no such address: choose another --host";
        default:
            return "";
    }
}

// Empty, with errno, where it can't be.
Fd listen_on(const Address& address, int backlog, bool reuse_port) {
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fd;
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    // An urgent byte is one of the stream's (RFC 6093 6), not lost. Accepted sockets inherit it.
    set_flag(fd.get(), SOL_SOCKET, SO_OOBINLINE);
    if (reuse_port) set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    if (::bind(fd.get(), address.get(), address.length) == 0 && ::listen(fd.get(), backlog) == 0) {
        return fd;
    }
    const int error = errno;
    fd.reset();
    errno = error;
    return fd;
}

}  // namespace

Result<Fd> listen_tcp(const HostPort& where, int backlog, bool reuse_port) {
    const auto addresses = resolve(where.host, where.port);
    if (!addresses) return addresses.error();
    int error = 0;
    for (const Address& address : *addresses) {
        Fd fd = listen_on(address, backlog, reuse_port);
        if (fd) return fd;
        error = errno;
        // The next one only for what this machine does not have: never beside another program.
        if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) break;
    }
    return Error{fmt::format("cannot listen on {}: {}{}", format_host_port(where),
                             std::strerror(error), bind_advice(error))};
}

Io io_refused() noexcept {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    return {later ? Io::Kind::would_block : Io::Kind::failed, errno};
}

int poll_timeout(Nanos left) noexcept {
    using std::chrono::milliseconds;
    const auto ms = std::chrono::ceil<milliseconds>(std::clamp(left, Nanos(0), Nanos(60s)));
    return static_cast<int>(ms.count());
}

Io write_within(int fd, std::string_view bytes, Nanos limit) noexcept {
    std::optional<TimePoint> end;
    while (true) {
        const ssize_t n = retry(
            [&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
        if (n >= 0) return {Io::Kind::bytes, 0, bytes.substr(0, static_cast<std::size_t>(n))};
        const Io refused = io_refused();
        if (refused.kind != Io::Kind::would_block) return refused;
        Nanos left = Nanos::max();
        if (limit > Nanos(0)) {
            if (!end) end = now() + limit;
            left = *end - now();
            if (left <= Nanos(0)) return {Io::Kind::late};
        }
        pollfd room{fd, POLLOUT, 0};
        ::poll(&room, 1, poll_timeout(left));
    }
}

Accepted accept_one(int listener, bool nonblocking) noexcept {
    const int flags = SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0);
    while (true) {
        const int fd = retry([&] { return ::accept4(listener, nullptr, nullptr, flags); });
        if (fd >= 0) {
            set_nodelay(fd);
            return {Fd(fd), 0};
        }
        switch (errno) {  // accept(2): errors of the new connection, not of the listener
            case ECONNABORTED:
            case EPROTO:
            case ENETDOWN:
            case ENOPROTOOPT:
            case EHOSTDOWN:
            case ENONET:
            case EHOSTUNREACH:
            case ENETUNREACH:
                continue;
            default:
                return {Fd(), errno};
        }
    }
}

void set_receive_timeout(int fd, Nanos timeout) noexcept {
    set_timeout(fd, SO_RCVTIMEO, timeout);
}
void set_send_timeout(int fd, Nanos timeout) noexcept {
    set_timeout(fd, SO_SNDTIMEO, timeout);
}
void set_nodelay(int fd) noexcept {
    set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
}

void set_nonblocking(int fd, bool on) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

Result<Fd> connect_tcp(const Address& to, Nanos timeout) {
    const auto failed = [&](int error) {
        return Error{fmt::format("cannot connect: {}", std::strerror(error))};
    };
    const TimePoint end = now() + std::min<Nanos>(timeout, std::chrono::hours(24));
    Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return failed(errno);
    if (::connect(fd.get(), to.get(), to.length) != 0) {
        if (errno != EINPROGRESS) return failed(errno);
        pollfd wait{fd.get(), POLLOUT, 0};
        int ready = 0;
        for (Nanos left = timeout; ready == 0; left = end - now()) {
            if (left <= Nanos(0)) return failed(ETIMEDOUT);
            ready = retry([&] { return ::poll(&wait, 1, poll_timeout(left)); });
        }
        int error = ready < 0 ? errno : 0;
        socklen_t length = sizeof error;
        if (ready > 0) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return failed(error);
    }
    set_nonblocking(fd.get(), false);
    set_nodelay(fd.get());
    return fd;
}

Result<Fd> connect_tcp(const HostPort& to, Nanos timeout) {
    const auto addresses = resolve(to.host, to.port);
    if (!addresses) return addresses.error();
    const TimePoint end = now() + std::min<Nanos>(timeout, std::chrono::hours(24));
    std::string why;
    for (const Address& address : *addresses) {
        auto connection = connect_tcp(address, end - now());
        if (connection) return connection;
        why = connection.error().message;
    }
    return Error{fmt::format("{}: {}", format_host_port(to), why)};
}

Result<Address> reachable(const HostPort& host, Nanos timeout) {
    const auto addresses = resolve(host.host, host.port);
    if (!addresses) return addresses.error();
    const TimePoint end = now() + std::min<Nanos>(timeout, std::chrono::hours(24));
    for (const Address& address : *addresses) {
        if (addresses->size() == 1 || connect_tcp(address, end - now())) return address;
    }
    return addresses->front();
}

Connecting begin_connect(const Address& to, const Address* source) noexcept {
    Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return {Fd(), errno};
    set_nodelay(fd.get());
    if (source != nullptr) {
        // The port is chosen by connect, which knows the destination: it need only be unique to it.
        set_flag(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        if (::bind(fd.get(), source->get(), source->length) != 0) return {Fd(), errno};
    }
    // A connect that a signal interrupts goes on by itself, as if it had said EINPROGRESS.
    if (::connect(fd.get(), to.get(), to.length) == 0) return {std::move(fd), 0};
    if (errno == EINPROGRESS || errno == EINTR) return {std::move(fd), EINPROGRESS};
    return {Fd(), errno};
}

int pending_error(int fd) noexcept {
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    return error;
}

std::uint64_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

Status pin_to_cpus(std::span<const int> cpus) {
    if (cpus.empty()) return Done{};
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus) CPU_SET(static_cast<unsigned>(cpu), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) {
        return Error{
            fmt::format("cannot run on CPU {}: {}", fmt::join(cpus, ","), std::strerror(errno))};
    }
    return Done{};
}

}  // namespace echotrio::net
