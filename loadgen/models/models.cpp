#include "loadgen/models/models.hpp"

#include "loadgen/models/interpreter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace echotrio::loadgen {
namespace {

constexpr std::array kModels = {
    Model{.name = "prefork",
          .program = "echo-prefork",
          .colour = 0,
          .pool = true,
          .global_lock = false,
          .own_wait = {"accept_wait_us", "to accept", ""}},
    Model{.name = "threads",
          .program = "echo-threads",
          .colour = 1,
          .pool = false,
          .global_lock = true,
          .own_wait = {"lock_wait_p99_us", "lock", "global lock, p99"}},
    Model{.name = "coroutine",
          .program = "echo-coroutine",
          .colour = 2,
          .pool = false,
          .global_lock = false,
          .own_wait = {"loop_lag_p99_us", "loop lag", "event loop lag, p99"},
          .processes = "--processes"},
};

// In Python: what each is, which model it is a twin of, and which of that model's flags it has. Its
// lock keeps no counters.
struct TwinRow {
    Model row;
    std::string_view model;
    std::array<std::string_view, 4> own_flags;
};
constexpr std::array kTwins = {
    TwinRow{{.name = "py-prefork",
             .program = "prefork.py",
             .colour = 0,
             .pool = true,
             .global_lock = false,
             .own_wait = {}},
            "prefork",
            {"--start-workers", "--keep-alive", "--heap", "--touch"}},
    TwinRow{{.name = "py-threads",
             .program = "threads.py",
             .colour = 1,
             .pool = false,
             .global_lock = true,
             .own_wait = {}},
            "threads",
            {"--switch-interval"}},
    TwinRow{{.name = "py-asyncio",
             .program = "asyncio_server.py",
             .colour = 2,
             .pool = false,
             .global_lock = false,
             .own_wait = {"loop_lag_p99_us", "loop lag", ""}},
            "coroutine",
            {"--yield-every"}},
};

// The flags that decide what the table says of a pool and of a lock.
constexpr std::string_view kStartWorkers = "--start-workers";
constexpr std::string_view kLock = "--gil", kNoLock = "off";
constexpr const char* kPythonsNoLock = "gil=0";  // of its -X

// Its value, "--flag value" or "--flag=value"; empty: it is not there.
std::optional<std::string_view> value_of(std::span<const std::string> arguments,
                                         std::string_view flag) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (!word.starts_with(flag)) continue;
        if (word.size() > flag.size() && word[flag.size()] == '=') {
            return word.substr(flag.size() + 1);
        }
        if (word.size() == flag.size()) {
            return i + 1 < arguments.size() ? std::string_view(arguments[i + 1]) : "";
        }
    }
    return std::nullopt;
}

}  // namespace

std::span<const Model> models() {
    return kModels;
}

const Model* find_model(std::string_view name) {
    const auto* found = std::find_if(kModels.begin(), kModels.end(),
                                     [&](const Model& model) { return model.name == name; });
    if (found != kModels.end()) return found;
    const auto* twin = std::find_if(kTwins.begin(), kTwins.end(),
                                    [&](const TwinRow& row) { return row.row.name == name; });
    return twin == kTwins.end() ? nullptr : &twin->row;
}

std::vector<std::string> model_names() {
    std::vector<std::string> names;
    names.reserve(kModels.size());
    for (const Model& model : kModels) names.emplace_back(model.name);
    return names;
}

std::string_view program_of(std::string_view model) {
    const Model* known = find_model(model);
    return known == nullptr ? model : known->program;
}

bool is_pool(std::string_view model) {
    const Model* known = find_model(model);
    return known != nullptr && known->pool;
}

bool takes_turns(std::string_view model, std::span<const std::string> arguments) {
    const Model* known = find_model(model);
    if (known == nullptr || !known->global_lock) return false;
    if (std::find(arguments.begin(), arguments.end(), kPythonsNoLock) != arguments.end()) {
        return false;
    }
    return value_of(arguments, kLock) != kNoLock;
}

std::vector<std::string> pool_arguments(std::string_view model,
                                        std::span<const std::string> arguments,
                                        std::uint64_t workers, std::uint64_t most) {
    if (!is_pool(model) || value_of(arguments, kStartWorkers)) return {};
    std::vector<std::string> size{std::string(kStartWorkers),
                                  fmt::format("{}", std::min(workers, most))};
    if (is_twin(model)) return size;  // it does not grow or shrink
    size.insert(size.end(), {"--min-spare", "1", "--max-spare", fmt::format("{}", most),
                             "--max-workers", fmt::format("{}", most)});
    return size;
}

bool is_twin(std::string_view name) {
    return std::any_of(kTwins.begin(), kTwins.end(),
                       [&](const TwinRow& row) { return row.row.name == name; });
}

std::vector<std::string_view> twin_scripts() {
    std::vector<std::string_view> scripts;
    scripts.reserve(kTwins.size());
    for (const TwinRow& row : kTwins) scripts.push_back(row.row.program);
    return scripts;
}

Twin twin_of(std::string_view model, std::span<const std::string> arguments,
             const Interpreter& interpreter, const std::string& scripts) {
    const auto* found = std::find_if(kTwins.begin(), kTwins.end(),
                                     [&](const TwinRow& row) { return row.model == model; });
    Twin twin;
    if (found == kTwins.end()) {
        twin.missing = fmt::format("{} has no twin in Python", model);
        return twin;
    }
    twin.name = found->row.name;
    twin.label = fmt::format("{} {}", twin.name, interpreter.version);
    // -B: leaves no compiled files beside the scripts
    twin.program = {interpreter.path, "-B"};
    const auto lock = value_of(arguments, kLock);
    if (lock == kNoLock && !interpreter.free_threaded) {
        twin.missing = fmt::format("{} can't run without its global lock", interpreter.name);
    } else if (lock && lock != kNoLock && lock != "switch") {
        twin.missing = fmt::format("{} has no lock that counts ticks (Python 2.7 to 3.1 had)",
                                   interpreter.name);
    }
    if (interpreter.free_threaded && found->row.global_lock) {
        twin.program.insert(twin.program.end(), {"-X", lock == kNoLock ? kPythonsNoLock : "gil=1"});
    }
    twin.program.push_back(fmt::format("{}/{}", scripts, found->row.program));
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        if (arguments[i] == kLock) continue;
        const auto& known = found->own_flags;
        if (std::find(known.begin(), known.end(), arguments[i]) == known.end()) {
            twin.missing = fmt::format("{} has no {}", twin.name, arguments[i]);
        }
        twin.arguments.insert(twin.arguments.end(), {arguments[i], arguments[i + 1]});
    }
    return twin;
}

std::vector<std::string> arguments_like(std::string_view model, const Interpreter& interpreter) {
    if (!interpreter.free_threaded || !takes_turns(model, {})) return {};
    return {std::string(kLock), std::string(kNoLock)};
}

}  // namespace echotrio::loadgen
