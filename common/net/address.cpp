// Names and addresses: text to sockaddr and back.
#include "common/net/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace echotrio::net {

Result<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const std::string name(host);
    const int rc = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (rc != 0) {
        return Error{fmt::format("cannot resolve host '{}': {}", host,
                                 rc == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(rc))};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    std::vector<Address> addresses;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        Address& address = addresses.emplace_back();
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
        address.length = one->ai_addrlen;
    }
    return addresses;
}

Result<HostPort> parse_host_port(std::string_view text) {
    const auto wrong = [&] {
        return Error{fmt::format("write host:port or [IPv6]:port, got '{}'", text)};
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong();
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return wrong();  // an IPv6 address without brackets: where would the port begin?
    }
    const bool clean = std::all_of(host.begin(), host.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '[' && c != ']';
    });
    HostPort where;
    const char* const end = digits.data() + digits.size();
    const auto [rest, ec] = std::from_chars(digits.data(), end, where.port);
    if (host.empty() || !clean || ec != std::errc{} || rest != end) return wrong();
    where.host = host;
    return where;
}

std::string format_host_port(const HostPort& where) {
    return where.host.find(':') == std::string::npos
               ? fmt::format("{}:{}", where.host, where.port)
               : fmt::format("[{}]:{}", where.host, where.port);
}

HostPort to_host_port(const Address& address) {
    char host[INET6_ADDRSTRLEN] = "";
    if (address.storage.ss_family == AF_INET6) {
        const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
        ::inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        return HostPort{host, ntohs(in6->sin6_port)};
    }
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
    return HostPort{host, ntohs(in->sin_port)};
}

namespace {

// What getsockname or getpeername says.
Result<HostPort> address_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
    Address address;
    address.length = sizeof address.storage;
    if (ask(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) {
        return Error{fmt::format("cannot read a socket's address: {}", std::strerror(errno))};
    }
    return to_host_port(address);
}

}  // namespace

Result<HostPort> local_address(int fd) {
    return address_of(fd, [](int socket, sockaddr* name, socklen_t* length) {
        return ::getsockname(socket, name, length);
    });
}

Result<HostPort> peer_address(int fd) {
    return address_of(fd, [](int socket, sockaddr* name, socklen_t* length) {
        return ::getpeername(socket, name, length);
    });
}

}  // namespace echotrio::net
