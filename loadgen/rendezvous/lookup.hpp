// Who the generators of a load are: by a name that the scheduler's name service gives an address
// for each, or by a list of them; and which of them this one is.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace echotrio::loadgen::rendezvous {

struct PeersAsked {
    std::vector<std::string> names;  // one: all addresses that it has; several: the first of each
    std::uint64_t generators = 0;    // 0 = as many as there are, once that has not changed for 3 s
    std::uint64_t rank = 0;          // 0 = the one whose address this machine has
    Nanos patience = std::chrono::seconds(60);
};

struct Peers {
    std::vector<std::string> addresses;  // by rank
    std::uint64_t rank = 0;              // this one's, from 1
};

// Distinct and ascending, so that all generators number themselves alike; where there are both,
// without those of IPv6.
std::vector<std::string> in_order(const std::vector<net::Address>& addresses);

// Asks until all have started, but no longer than the patience. Error: how many there are instead,
// or why this one can't be told among them; "interrupted" once `stop` says so.
Result<Peers> find_peers(const PeersAsked& asked, const std::function<bool()>& stop);

}  // namespace echotrio::loadgen::rendezvous
