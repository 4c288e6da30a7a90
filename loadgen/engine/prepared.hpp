// A run's options turned into what the threads need, once: the address, the bytes of every kind of
// request, the replies that are expected. Read-only while the run lasts, shared by all threads.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/engine/recorded_requests.hpp"
#include "loadgen/engine/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// An HTTP request of one class, as bytes.
struct PreparedRequest {
    std::string keep;   // with the connection kept
    std::string close;  // with "Connection: close", for the last one of a connection
    bool head = false;  // the reply has no body, whatever it says
    bool check = false;
    std::string reply;  // the body that is expected (check)
    std::string method, path;
};

struct Prepared {
    const RunOptions* options = nullptr;
    net::Address target;
    // Where connections come from, in turn; empty = the kernel chooses. More than one on loopback,
    // where one source address can't hold them all.
    std::vector<net::Address> sources;

    bool raw = true;
    // Raw: message k is its bytes of `pattern` from an offset below kOffsets that differs
    // from message to message, so that bytes of another message or another place don't match.
    static constexpr std::uint32_t kOffsets = 4096;
    std::string pattern;
    std::uint32_t bytes = 0;            // of every message or body, unless in a replay
    std::vector<PreparedRequest> http;  // by class; in a replay what is to know of the replies to
                                        // all requests but HEAD, and to those
    std::vector<double> class_limits;   // cumulated shares of 1, by class
    std::optional<RecordedRequests> recorded;  // of a replay
    std::size_t noted = 0;  // so many requests of each thread are noted for a record

    std::string_view message(std::uint32_t offset, std::uint32_t size) const {
        return {pattern.data() + offset, size};
    }
};

// Whether one of the lines "Name: value" has this name, in lower case.
bool has_header(const std::vector<std::string>& headers, std::string_view name);

// Error: what is wrong with the options, or the host can't be resolved.
Result<Prepared> prepare_load(const RunOptions& options);

}  // namespace echotrio::loadgen
