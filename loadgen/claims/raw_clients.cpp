#include "loadgen/claims/raw_clients.hpp"

#include <array>
#include <utility>

namespace echotrio::loadgen {

Result<RawClients> RawClients::connect(const net::HostPort& where, std::size_t count) {
    RawClients clients;
    for (std::size_t i = 0; i < count; ++i) {
        auto connection = net::connect_tcp(where, kPatience);
        if (!connection) return connection.error();
        net::set_receive_timeout(connection->get(), kPatience);
        clients.connections_.push_back(std::move(*connection));
    }
    return clients;
}

std::size_t RawClients::answered() const {
    std::size_t alive = 0;
    for (const net::Fd& connection : connections_) {
        std::array<char, 16> reply{};
        const bool sent = net::write_some(connection.get(), "hello").bytes.size() == 5;
        if (sent && net::read_some(connection.get(), reply).bytes.size() == 5) ++alive;
    }
    return alive;
}

}  // namespace echotrio::loadgen
