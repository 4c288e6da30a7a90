#include "loadgen/experiment/background.hpp"

#include <fmt/format.h>

#include <utility>

namespace echotrio::loadgen {

Result<BackgroundRequests> BackgroundRequests::start(const net::HostPort& where,
                                                     const BackgroundLoad& load) {
    BackgroundRequests started;
    if (load.connections == 0) return started;
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", load.path);
    for (std::uint64_t i = 0; i < load.connections; ++i) {
        auto connection = net::connect_tcp(where, std::chrono::seconds(5));
        if (!connection) return connection.error();
        if (net::write_some(connection->get(), request).bytes.size() != request.size()) {
            return Error{"a background request could not be sent"};
        }
        started.connections_.push_back(std::move(*connection));
    }
    return started;
}

}  // namespace echotrio::loadgen
