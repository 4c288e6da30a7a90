// How many silent connections each model holds, and in how much memory.
#include "common/base/units.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kCompared = 1000;

// All of them at a number that each can hold.
Plan plan(const ClaimContext& context) {
    std::vector<Variant> variants;
    for (const std::string& model : model_names()) variants.push_back({model, model, {}});
    return claim_plan(context, std::move(variants), {silent_connections({kCompared})},
                      context.repetitions());
}

// What kept a model from holding `asked` silent connections; empty = it held them.
std::string stopped_by(const std::string& model, const RunResult& result, std::uint64_t asked,
                       std::uint64_t held) {
    if (held >= asked) return {};
    if (is_pool(model)) return "its workers: no more could be started";
    if (result.connections.out_of_descriptors > 0) return "descriptors of the generator";
    if (result.connections.out_of_ports > 0) return "local ports";
    return "the server refused or closed connections (descriptors, threads)";
}

// The kernel's part, too, as far as the system tells it.
std::optional<double> memory_with_kernel(const RunResult& result) {
    auto total = memory_of_processes(result);
    for (const char* part : {"task_objects", "socket_objects", "socket_buffers"}) {
        if (!total) break;
        const auto found = result.server->memory.find(part);
        if (found == result.server->memory.end() || !found->second) continue;
        *total += std::max(0.0, *found->second);
    }
    return total;
}

struct Most {
    std::uint64_t held = 0;
    std::optional<double> bytes_each;  // when so many were held
    std::string stopped_by = "not stopped within what was tried";
};

// More than is free would end processes, ours perhaps, instead of the experiment.
std::optional<std::string> too_much(std::uint64_t connections,
                                    const std::optional<double>& bytes_each) {
    constexpr double kMargin = 1.25;
    const auto available = available_memory();
    if (!bytes_each || !available) return std::nullopt;
    const double needed = kMargin * *bytes_each * static_cast<double>(connections);
    if (needed <= *available) return std::nullopt;
    return fmt::format("memory: {} would take about {}, and {} are free", connections,
                       human_bytes(needed), human_bytes(*available));
}

// From what the model holds, more and more silent connections until it no longer holds them all.
Most climb(const ClaimContext& context, const std::string& model, Most most,
           const std::vector<std::uint64_t>& counts) {
    for (const std::uint64_t n : counts) {
        if (auto why = too_much(n, most.bytes_each)) {
            most.stopped_by = std::move(*why);
            break;
        }
        const auto trials = run_trials(
            context, claim_plan(context, {{model, model, {}}}, {silent_connections({n})}, 1));
        const Trial* trial = trials ? trials->first({model, "silent"}) : nullptr;
        if (trial == nullptr) {
            most.stopped_by = trials ? trials->trouble() : trials.error().message;
            break;
        }
        const RunResult& result = trial->result;
        const std::uint64_t held = connections_held(result, model);
        if (const auto memory = memory_with_kernel(result); memory && held >= most.held) {
            most.bytes_each = *memory / static_cast<double>(std::max<std::uint64_t>(held, 1));
        }
        most.held = std::max(most.held, held);
        if (auto why = stopped_by(model, result, n, held); !why.empty()) {
            most.stopped_by = std::move(why);
            break;
        }
    }
    return most;
}

// As figures of the model, and in words.
std::string tell(Measurement& found, const std::string& model, const Most& most) {
    const auto& [held, bytes, stop] = most;
    const auto add = [&](const char* what, const char* unit, double value) {
        found.figures.push_back(exact_figure({model + "/" + what, model, model, unit}, value));
    };
    found.notes[model]["stopped_by"] = stop;
    add("held", "", static_cast<double>(held));
    if (!bytes) return fmt::format("{} held {}, memory unavailable ({})", model, held, stop);
    add("bytes_each", "bytes", *bytes);
    add("per_GiB", "", std::round((1 << 30) / *bytes));
    return fmt::format("{} held {}, {:.3g} KiB each, {} per GiB ({})", model, held, *bytes / 1024,
                       format_count((1 << 30) / *bytes), stop);
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials& trials) {
    const auto bytes_of = [&](const std::string& model) {
        return trials.memory({model, "silent", kCompared}, [&](const RunResult& result) {
            return connections_held(result, model) >= kCompared ? memory_with_kernel(result)
                                                                : std::nullopt;
        });
    };
    const std::vector<std::uint64_t> counts = context.quick
                                                  ? std::vector<std::uint64_t>{4000}
                                                  : std::vector<std::uint64_t>{4000, 8000, 16000};
    Measurement found;
    std::map<std::string, Most> most;
    std::vector<std::string> words;
    for (const std::string& model : model_names()) {
        Most known;
        if (const auto all = bytes_of(model); !all.empty()) {
            known.held = kCompared;
            known.bytes_each = median(all) / kCompared;
        }
        most[model] = climb(context, model, std::move(known), counts);
        if (context.stop()) return {found};
        words.push_back(tell(found, model, most[model]));
    }
    const auto over = [&](const std::string& model) {
        return ratio_figure(
            context,
            {"memory_of_" + model + "_over_coroutine/ratio", model + " over coroutine", model},
            bytes_of(model), bytes_of("coroutine"));
    };
    const auto threads = over("threads"), prefork = over("prefork");
    const auto lead = static_cast<double>(most["coroutine"].held) -
                      static_cast<double>(std::max(most["threads"].held, most["prefork"].held));
    for (auto& figure : figures_of({threads, prefork})) found.figures.push_back(std::move(figure));
    found.figures.push_back(
        exact_figure({"held_more_than_others", "coroutine over the next"}, lead));
    found.reason = fmt::format(
        "{}; memory of {} connections, kernel included: threads {} times that of coroutine, "
        "prefork {}",
        fmt::join(words, "; "), kCompared, in_words(threads), in_words(prefork));
    return {found};
}

}  // namespace

ClaimTest most_connections() {
    // To hold as many as the next is enough: what ends it may be the machine.
    const Threshold most{"held_more_than_others", {{.low = 0, .with_ends = true}}, {}};
    Sentence sentence{"coroutines-carry-most",
                      "Coroutines use the least resources and carry the most concurrency",
                      {above("memory_of_threads_over_coroutine/ratio", 1, 1),
                       above("memory_of_prefork_over_coroutine/ratio", 1, 1), most},
                      ClaimPicture{"connections per GiB",
                                   {"prefork/per_GiB", "threads/per_GiB", "coroutine/per_GiB"},
                                   true},
                      false};
    return {"the most connections that each model holds", {sentence}, measure, plan};
}

}  // namespace echotrio::loadgen
