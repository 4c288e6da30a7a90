// What a supervisor has to know of its server: the servers' common flags, how many workers, on
// which sockets.
#pragma once

#include "common/net/server_options.hpp"

#include <string_view>

namespace echotrio::supervise {

// All four the same: a fixed number.
struct PoolLimits {
    int start = 5;      // workers at the beginning
    int min_spare = 5;  // idle workers
    int max_spare = 10;
    int max_workers = 256;
};

struct Options : net::ServerOptions {
    PoolLimits pool;
    bool socket_each = false;  // a listening socket for each worker (SO_REUSEPORT), not one for all
    std::string_view count_flag = "--start-workers";  // that says pool.start, for errors
};

}  // namespace echotrio::supervise
