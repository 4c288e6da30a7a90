// A run's options turned into what the threads need, once: the address, the bytes of every kind of
// request, the replies that are expected. Read-only while the run lasts, shared by all threads.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/engine/run.hpp"

#include <cstdint>
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
};

struct Prepared {
    const RunOptions* options = nullptr;
    net::Address target;
    // Where connections come from, in turn; empty = the kernel chooses. More than one on loopback,
    // where one source address can't hold them all.
    std::vector<net::Address> sources;

    bool raw = true;
    // Raw: message k is the `size` bytes of `pattern` from an offset below kOffsets that differs
    // from message to message, so that bytes of another message or another place don't match.
    static constexpr std::uint32_t kOffsets = 4096;
    std::string pattern;
    std::size_t message_size = 0;
    std::vector<PreparedRequest> http;  // by class
    std::vector<double> class_limits;   // cumulated shares of 1, by class

    std::string_view message(std::uint32_t offset) const {
        return {pattern.data() + offset, message_size};
    }
};

// Error: what is wrong with the options, or the host can't be resolved.
Result<Prepared> prepare_load(const RunOptions& options);

}  // namespace echotrio::loadgen
