// The flags of echo-prefork as values.
#pragma once

#include "common/supervise/options.hpp"

#include <cstdint>
#include <limits>

namespace echotrio::prefork {

enum class AcceptMode : std::uint8_t {
    shared,     // all workers block in accept on one socket; the kernel wakes one, in turn
    lock,       // the same, one worker at a time: the others wait for a process-shared lock
    reuseport,  // a listening socket for each worker; the kernel deals connections out by hash
};

struct Options : supervise::Options {
    std::uint64_t max_connections_per_worker = 0;  // 0 = any number
    AcceptMode accept = AcceptMode::shared;
    // HTTP requests that a connection may bring, at least 1.
    std::uint64_t keep_alive = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t heap = 0;  // bytes that the supervisor holds before it forks
    double touch = 0;        // of these, the share that a worker dirties
};

}  // namespace echotrio::prefork
