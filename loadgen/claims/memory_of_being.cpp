// What a worker, a thread and a coroutine cost in memory while they only exist.
#include "common/base/units.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kCounts[] = {40, 80, 120, 160};

Plan plan(const ClaimContext& context) {
    std::vector<Variant> variants;
    for (const std::string& model : model_names()) variants.push_back({model, model, {}});
    return claim_plan(context, std::move(variants),
                      {silent_connections({std::begin(kCounts), std::end(kCounts)})},
                      context.quick ? 2 : 5);
}

// Bytes per connection: the slope over the counts, which what a server holds anyway is not in.
std::optional<ClaimFigure> slope_of(const Trials& trials, const std::string& model) {
    std::vector<double> x, y;
    for (const std::uint64_t n : kCounts) {
        for (const double bytes : trials.memory({model, "silent", n}, memory_of_processes)) {
            x.push_back(static_cast<double>(n));
            y.push_back(bytes);
        }
    }
    const auto line = least_squares(x, y);
    if (!line) return std::nullopt;
    return ClaimFigure{
        model + "/bytes_per_connection", model,   model,     line->slope, line->slope_interval.low,
        line->slope_interval.high,       "bytes", {x.size()}};
}

std::vector<Measurement> measure(const ClaimContext&, const Trials& trials) {
    Measurement found;
    std::vector<std::string> words;
    for (const std::string& model : model_names()) {
        const auto slope = slope_of(trials, model);
        if (!slope) {
            found.reason = fmt::format("memory of {} could not be measured", model);
            return {found};
        }
        words.push_back(fmt::format("{} {} ({} to {})", model, human_bytes(slope->value),
                                    human_bytes(*slope->low), human_bytes(*slope->high)));
        found.figures.push_back(*slope);
    }
    found.reason = fmt::format(
        "memory of the processes (PSS, page tables, kernel stacks) per connection, with 95 % "
        "interval: {}; what the kernel keeps for tasks and sockets comes on top",
        fmt::join(words, ", "));
    const auto of = [&](const char* model) {
        return *find_figure(found.figures, std::string(model) + "/bytes_per_connection");
    };
    const ClaimFigure process = of("prefork"), thread = of("threads"), coroutine = of("coroutine");
    found.figures.push_back(difference_figure(
        {"process_minus_thread/bytes", "a process less a thread", "", "bytes"}, process, thread));
    found.figures.push_back(difference_figure(
        {"thread_minus_coroutine/bytes", "a thread less a coroutine", "", "bytes"}, thread,
        coroutine));
    return {found};
}

}  // namespace

ClaimTest memory_of_being() {
    Sentence sentence{
        "process-thread-coroutine-memory",
        "A process costs more memory than a thread, and a thread more than a coroutine",
        {above("process_minus_thread/bytes", 0, 0), above("thread_minus_coroutine/bytes", 0, 0)},
        ClaimPicture{"memory per connection",
                     {"prefork/bytes_per_connection", "threads/bytes_per_connection",
                      "coroutine/bytes_per_connection"},
                     true},
        false};
    sentence.source = {
        "servers hold 40, 80, 120 and 160 silent connections; the slope of a line through the "
        "memory of all their processes is what one more costs",
        "loadgen/claims/memory_of_being.cpp", "slope_of"};
    return {"memory of a worker, a thread, a coroutine", {sentence}, measure, plan};
}

}  // namespace echotrio::loadgen
