#include "loadgen/models/models.hpp"

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
          .own_wait = {"loop_lag_p99_us", "loop lag", "event loop lag, p99"}},
};

// The flags that decide what the table says of a pool and of a lock.
constexpr std::string_view kStartWorkers = "--start-workers";
constexpr std::string_view kLock = "--gil", kNoLock = "off";

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
    return found == kModels.end() ? nullptr : found;
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
    return value_of(arguments, kLock) != kNoLock;
}

std::vector<std::string> pool_arguments(std::string_view model,
                                        std::span<const std::string> arguments,
                                        std::uint64_t workers, std::uint64_t most) {
    if (!is_pool(model) || value_of(arguments, kStartWorkers)) return {};
    return {std::string(kStartWorkers),
            fmt::format("{}", std::min(workers, most)),
            "--min-spare",
            "1",
            "--max-spare",
            fmt::format("{}", most),
            "--max-workers",
            fmt::format("{}", most)};
}

}  // namespace echotrio::loadgen
