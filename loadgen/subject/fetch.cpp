#include "loadgen/subject/fetch.hpp"

#include "loadgen/load/load.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

namespace echotrio::loadgen {
namespace {

// A GET and what comes back, up to its end or to `enough`.
class Exchange {
  public:
    // HTTP/1.0, or 1.1 for those that know no other, whose body may then be chunked.
    Exchange(const net::HostPort& where, std::string_view path, Nanos timeout,
             std::string_view version = "1.0")
        : where_(where), path_(path), version_(version), deadline_(now() + timeout) {}

    Result<std::string> run(bool (*enough)(std::string_view)) {
        constexpr std::size_t kMostBytes = 1U << 20U;
        auto connection = net::connect_tcp(where_, deadline_ - now());
        if (!connection) return connection.error();
        // The reply ends where the connection ends.
        const std::string request =
            fmt::format("GET {} HTTP/{}\r\nHost: {}\r\nConnection: close\r\n\r\n", path_, version_,
                        host_field(where_));
        if (net::write_some(connection->get(), request).bytes.size() != request.size()) {
            return failed("the request could not be sent");
        }
        std::string reply;
        std::array<char, 16 << 10> buffer{};
        while (!enough(reply)) {
            const Nanos left = deadline_ - now();
            if (left <= Nanos(0)) return failed("no reply in time");
            net::set_receive_timeout(connection->get(), left);
            const Io io = net::read_some(connection->get(), buffer);
            if (io.kind == Io::Kind::end) break;
            if (io.kind == Io::Kind::failed) return failed(std::strerror(io.error));
            reply.append(io.bytes);
            if (reply.size() > kMostBytes) return failed("the reply is larger than 1 MiB");
        }
        return reply;
    }

    Error failed(std::string_view why) const {
        return Error{fmt::format("GET http://{}{}: {}", net::format_host_port(where_), path_, why)};
    }

  private:
    const net::HostPort& where_;
    std::string_view path_, version_;
    TimePoint deadline_;
};

// "HTTP/1.1 200 OK" -> 200; 0: it is no status line.
int status_of(std::string_view reply) {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    int status = 0;
    if (!reply.starts_with("HTTP/1.") || reply.size() < kVersion.size() + 3) return 0;
    const char* const digits = reply.data() + kVersion.size();
    std::from_chars(digits, digits + 3, status);
    return status;
}

}  // namespace

Result<int> fetch_status(const net::HostPort& where, std::string_view path, Nanos timeout) {
    Exchange exchange(where, path, timeout, "1.1");
    const auto reply = exchange.run(
        [](std::string_view so_far) { return so_far.find('\n') != std::string_view::npos; });
    if (!reply) return reply.error();
    const int status = status_of(*reply);
    if (status == 0) return exchange.failed("what answers there does not speak HTTP/1");
    return status;
}

Result<std::string> fetch(const net::HostPort& where, std::string_view path, Nanos timeout) {
    Exchange exchange(where, path, timeout);
    auto reply = exchange.run([](std::string_view) { return false; });
    if (!reply) return reply;
    const std::size_t head = reply->find("\r\n\r\n");
    if (head == std::string::npos || status_of(*reply) != 200) {
        return exchange.failed(fmt::format("answered '{}'", reply->substr(0, reply->find('\r'))));
    }
    return reply->substr(head + 4);
}

}  // namespace echotrio::loadgen
