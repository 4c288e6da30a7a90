// TCP sockets as values: addresses, listening, connecting, reading and writing. EINTR is retried
// here and nowhere else. All descriptors are close-on-exec; connections have TCP_NODELAY.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/io.hpp"
#include "common/base/result.hpp"
#include "common/net/fd.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::net {

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

// What a name or a numeric IPv4/IPv6 address ("::1" without brackets) stands for, in the order in
// which the addresses are to be tried (RFC 6724); at least one. Error names the host.
Result<std::vector<Address>> resolve(std::string_view host, std::uint16_t port);

// "host:port" or "[::1]:port". Error says what to write.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view text);
// The same way back: IPv6 gets its brackets.
std::string format_host_port(const HostPort& where);

// A bound, listening socket (SO_REUSEADDR and SO_OOBINLINE always; SO_REUSEPORT on request), on the
// first address of the host that this machine has. Blocking.
// Errors say address, port and what to do (in use, no permission).
Result<Fd> listen_tcp(const HostPort& where, int backlog, bool reuse_port = false);
Result<HostPort> local_address(int fd);
Result<HostPort> peer_address(int fd);  // of the other end
// An address as its numbers.
HostPort to_host_port(const Address& address);

// The one place where an interrupted call is repeated.
template <class Call>
inline auto retry(Call call) noexcept {
    decltype(call()) result;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

// What a call that returned -1 came to, by errno.
Io io_refused() noexcept;

// A blocking socket whose SO_RCVTIMEO / SO_SNDTIMEO ran out says would_block too.
inline Io read_some(int fd, std::span<char> into) noexcept {
    const ssize_t n = retry([&] { return ::recv(fd, into.data(), into.size(), 0); });
    if (n > 0) return {Io::Kind::bytes, 0, {into.data(), static_cast<std::size_t>(n)}};
    return n == 0 ? Io{Io::Kind::end} : io_refused();
}
inline Io write_some(int fd, std::string_view bytes) noexcept {  // never raises SIGPIPE
    const ssize_t n = retry([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (n < 0) return io_refused();
    return {Io::Kind::bytes, 0, bytes.substr(0, static_cast<std::size_t>(n))};
}
// The milliseconds that poll may wait: rounded up, a minute at most.
int poll_timeout(Nanos left) noexcept;

// As much as the socket takes at once; where that is nothing, waits until it takes some, but no
// longer than `limit` (0 = for ever): late. For blocking sockets, whose SO_SNDTIMEO would be about
// a whole call: a peer that takes a little now and then, and one that takes nothing, look alike.
Io write_within(int fd, std::string_view bytes, Nanos limit) noexcept;

// A new connection, its Fd empty with the errno of accept4 where there was none. Transient errors
// of the aborted connection itself (ECONNABORTED, EPROTO ...) are retried.
struct Accepted {
    Fd connection;
    int error = 0;
};
Accepted accept_one(int listener, bool nonblocking) noexcept;

// Options of one connection. The timeouts apply to blocking calls; 0 = none.
void set_receive_timeout(int fd, Nanos timeout) noexcept;
void set_send_timeout(int fd, Nanos timeout) noexcept;
void set_nodelay(int fd) noexcept;
void set_nonblocking(int fd, bool on) noexcept;

// Blocking connect within `timeout`. Error names the reason.
Result<Fd> connect_tcp(const Address& to, Nanos timeout);
// The same to a host, each of its addresses in turn. Error names host, port and reason.
Result<Fd> connect_tcp(const HostPort& to, Nanos timeout);

// The host's address that accepts connections: with several, the first to which one can be opened
// within `timeout` (it is closed again), and the very first where that is none. Error: there is no
// such host.
Result<Address> reachable(const HostPort& host, Nanos timeout);

// Begins to connect a non-blocking socket, from the address of `source` unless it is null. error: 0
// connected; EINPROGRESS not yet (it becomes writable, then see pending_error); else why not, with
// an empty Fd.
struct Connecting {
    Fd connection;
    int error = 0;
};
Connecting begin_connect(const Address& to, const Address* source) noexcept;
// What became of it: 0 or an errno, which is taken off the socket.
int pending_error(int fd) noexcept;

// Raises the soft limit of open descriptors to the hard one; returns it.
std::uint64_t raise_descriptor_limit() noexcept;

// Pins the calling thread (and those it makes later) to these CPUs; empty = leave as it is.
Status pin_to_cpus(std::span<const int> cpus);

}  // namespace echotrio::net
