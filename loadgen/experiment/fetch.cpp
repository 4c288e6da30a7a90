#include "loadgen/experiment/fetch.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace echotrio::loadgen {

Result<std::string> fetch(const net::HostPort& where, std::string_view path, Nanos timeout) {
    constexpr std::size_t kMostBytes = 1U << 20U;
    const TimePoint deadline = now() + timeout;
    const auto failed = [&](std::string_view why) {
        return Error{fmt::format("GET http://{}{}: {}", net::format_host_port(where), path, why)};
    };
    const auto address = net::resolve(where.host, where.port);
    if (!address) return address.error();
    auto connection = net::connect_tcp(*address, timeout);
    if (!connection) return connection.error();
    // HTTP/1.0: the reply ends where the connection ends.
    const std::string request =
        fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", path, where.host);
    if (net::write_some(connection->get(), request).count != request.size()) {
        return failed("the request could not be sent");
    }
    std::string reply;
    std::array<char, 16 << 10> buffer{};
    while (true) {
        const Nanos left = deadline - now();
        if (left <= Nanos(0)) return failed("no reply in time");
        net::set_receive_timeout(connection->get(), left);
        const net::Io io = net::read_some(connection->get(), buffer);
        if (io.kind == net::Io::Kind::end) break;
        if (io.kind == net::Io::Kind::failed) return failed(std::strerror(io.error));
        reply.append(buffer.data(), io.count);
        if (reply.size() > kMostBytes) return failed("the reply is larger than 1 MiB");
    }
    const std::size_t head = reply.find("\r\n\r\n");
    if (head == std::string::npos || reply.find(" 200 ") != std::string_view("HTTP/1.1").size()) {
        return failed(fmt::format("answered '{}'", reply.substr(0, reply.find('\r'))));
    }
    return reply.substr(head + 4);
}

}  // namespace echotrio::loadgen
