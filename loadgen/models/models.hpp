// The built-in models as data: the one place that tells them apart. A server of another kind is in
// no table; whoever asks for its row gets none and treats it as a plain server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// What a request waits for inside such a server, as the server itself measures it.
struct OwnWait {
    std::string_view metric;  // the figure's key among the metrics of a comparison
    std::string_view what;    // in a cell of a table: "lock 12 us"
    std::string_view series;  // its name in a chart; empty: not drawn
};

struct Model {
    std::string_view name;
    std::string_view program;  // lies beside loadgen
    std::size_t colour;        // place in the palette of the charts
    bool pool;                 // a worker process serves one connection at a time
    bool global_lock;          // its threads take turns, unless it is told otherwise
    OwnWait own_wait;
    std::string_view processes{};  // flag with which several of it serve one port; empty: none
};

std::span<const Model> models();

// Null: neither a model of ours nor the twin of one in Python (interpreter.hpp) has that name.
const Model* find_model(std::string_view name);

std::vector<std::string> model_names();

// The name itself where there is no such model.
std::string_view program_of(std::string_view model);

// Whether it is a pool of workers.
bool is_pool(std::string_view model);

// Whether it is the twin of a model in Python.
bool is_twin(std::string_view name);

// Whether only one of its threads runs at a time when it is started with these arguments; a twin's
// interpreter may be among them.
bool takes_turns(std::string_view model, std::span<const std::string> arguments);

// What a pool is told so that `workers` serve from the start and none ends for want of work, with
// at most `most` of them; nothing for a model that is no pool, or one that `arguments` give a size.
std::vector<std::string> pool_arguments(std::string_view model,
                                        std::span<const std::string> arguments,
                                        std::uint64_t workers, std::uint64_t most);

}  // namespace echotrio::loadgen
