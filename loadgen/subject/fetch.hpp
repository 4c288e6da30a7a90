// One GET, for a server's own /stats: small, bounded, no keep-alive. Not for load.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"

#include <string>
#include <string_view>

namespace echotrio::loadgen {

// The status code, as soon as its line is there; what follows is not waited for. Error: no
// connection, what came is no HTTP, or nothing within `timeout`.
Result<int> fetch_status(const net::HostPort& where, std::string_view path, Nanos timeout);

// The body of a 200 reply. Error: no connection, no 200, more than 1 MiB, or not within `timeout`.
Result<std::string> fetch(const net::HostPort& where, std::string_view path, Nanos timeout);

}  // namespace echotrio::loadgen
