#include "loadgen/rendezvous/party.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen::rendezvous {

std::string Terms::name(std::uint64_t rank) const {
    return fmt::format("generator {} of {} ({})", rank, addresses.size(), addresses[rank - 1]);
}

}  // namespace echotrio::loadgen::rendezvous
