// What generators say to each other: a JSON object a line. Pure.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio::loadgen::rendezvous {

// The first line of a member: who it is, and what it was told to do.
struct Hello {
    std::string version;  // of the program: results of two versions may not mean the same
    std::string load;     // a digest of the whole load
    std::uint64_t rank = 0, of = 0;
    std::string token;  // the secret that all were given, "" = none
};

struct Message {
    enum class Kind : std::uint8_t {
        hello,      // member: I am here
        refused,    // leader: you don't belong here
        ping,       // leader: what time is it?
        pong,       // member
        prepare,    // leader: all are here, open your connections
        connected,  // member: they stand
        start,      // leader: begin at that time
        beat,       // both: still here
        stop,       // leader: end in order, and tell what you have
        failed,     // member: I can't run
        result,     // member: what I found
        verdict,    // leader: what the whole came to
    };
    Kind kind = Kind::beat;
    Hello hello{};
    std::string why{};        // refused, stop, failed
    std::uint64_t number{0};  // ping, pong: which; verdict: the exit status
    Nanos time{0};            // pong, start: since 1970, by the member's clock
    nlohmann::ordered_json result{};
};

// With its line end.
std::string to_line(const Message& message);
// Error: what is wrong with it.
Result<Message> message_from(std::string_view line);

}  // namespace echotrio::loadgen::rendezvous
