// Whose listening sockets are on which ports: /proc/net/tcp and the open descriptors of processes.
#pragma once

#include "loadgen/probe/proc_text.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

struct Listener {
    std::uint16_t port = 0;
    std::uint64_t inode = 0;
};
// The listening sockets of a text like /proc/net/tcp or tcp6. Pure; lines that are not understood
// are passed over.
std::vector<Listener> parse_listeners(std::string_view text);

// What is known of the port from these processes' side.
struct PortUse {
    bool listened = false;           // somebody listens there
    bool theirs = false;             // one of them does
    bool unknown = false;            // some of them don't let us look
    std::set<std::uint16_t> others;  // ports on which they listen beside it
};
PortUse port_use(std::uint16_t port, const std::vector<ProcStat>& processes);

// "python3 (PID 123)": one that listens on the port, where we may see it.
std::optional<std::string> listener_on(std::uint16_t port);

}  // namespace echotrio::loadgen
