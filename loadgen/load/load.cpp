#include "loadgen/load/load.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {

Status check_options(const RunOptions& o) {
    if (o.connections == 0) return Error{"--connections: must be > 0"};
    if (o.threads == 0) return Error{"--threads: must be > 0"};
    if (o.pipeline == 0) return Error{"--pipeline: must be > 0"};
    if (o.timeout <= Nanos(0)) return Error{"--timeout: must be > 0"};
    if (o.requests == 0 && o.duration <= Nanos(0)) return Error{"--duration: must be > 0"};
    if (o.target.scheme == Scheme::tcp && o.size == 0)
        return Error{"--size: must be > 0 for tcp://"};
    if (o.target.scheme == Scheme::tcp && !o.classes.empty()) {
        return Error{"--class: request classes differ in their paths and need an http:// URL"};
    }
    if (o.think > Nanos(0) && o.is_open_loop()) {
        return Error{
            fmt::format("--think: is for closed loops; with {} the schedule says when to "
                        "send",
                        o.replay ? "--replay" : "--rate")};
    }
    if (o.think > Nanos(0) && o.pipeline > 1) {
        return Error{"--think: needs --pipeline 1; who thinks waits for the reply first"};
    }
    return Done{};
}

}  // namespace echotrio::loadgen
