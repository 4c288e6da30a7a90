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

#include <cerrno>
#include <cstring>

namespace echotrio::net {
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

}  // namespace

Result<Fd> listen_tcp(const HostPort& where, int backlog, bool reuse_port) {
    auto address = resolve(where.host, where.port);
    if (!address) return address.error();
    const auto failed = [&](int error) {
        return Error{fmt::format("cannot listen on {}: {}{}", format_host_port(where),
                                 std::strerror(error), bind_advice(error))};
    };
    Fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return failed(errno);
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    if (reuse_port) set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    if (::bind(fd.get(), address->get(), address->length) != 0 ||
        ::listen(fd.get(), backlog) != 0) {
        return failed(errno);
    }
    return fd;
}

Io io_refused() noexcept {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    return {later ? Io::Kind::would_block : Io::Kind::failed, 0, errno};
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
    Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return failed(errno);
    if (::connect(fd.get(), to.get(), to.length) != 0) {
        if (errno != EINPROGRESS) return failed(errno);
        pollfd wait{fd.get(), POLLOUT, 0};
        const auto ms = static_cast<int>(timeout.count() / 1'000'000);
        const int ready = retry([&] { return ::poll(&wait, 1, ms); });
        if (ready == 0) return failed(ETIMEDOUT);
        int error = ready < 0 ? errno : 0;
        socklen_t length = sizeof error;
        if (ready > 0) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return failed(error);
    }
    set_nonblocking(fd.get(), false);
    set_nodelay(fd.get());
    return fd;
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
