// What the verdict wants to know of a server's own /stats after the load.
#pragma once

#include "loadgen/load/load.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

struct ServerAccount {
    std::optional<std::uint64_t> requests;  // that it counted, where all of them were this load's
    bool one_at_a_time = false;             // its threads take turns under a global lock
};

// `stats`: null where the server gave none; empty account then, and for a server that is not ours.
// `only_ours`: nobody but `load` has used the server. Raw messages are counted by their bytes.
ServerAccount account_of(const nlohmann::ordered_json& stats, const RunOptions& load,
                         bool only_ours);

}  // namespace echotrio::loadgen
