// How many silent connections each model holds, and in how much memory.
#include "common/base/units.hpp"
#include "loadgen/analysis/capacity.hpp"
#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kCompared = 1000;
// The prefork server starts at most 10,000 workers; silent connections leave two of them to spare.
constexpr std::uint64_t kMostInPool = 9'998;

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

// To judge by what still fits: with all that the connections took, the generator's ends included.
std::optional<double> memory_taken(const RunResult& result) {
    auto total = memory_of_processes(result);
    if (total) *total += std::max(0.0, slab_of_connections(*result.server).value_or(0));
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
    for (const std::uint64_t count : counts) {
        const std::uint64_t n = is_pool(model) ? std::min(count, kMostInPool) : count;
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
        if (const auto memory = memory_taken(result); memory && held >= most.held) {
            most.bytes_each = *memory / static_cast<double>(std::max<std::uint64_t>(held, 1));
        }
        most.held = std::max(most.held, held);
        if (auto why = stopped_by(model, result, n, held); !why.empty()) {
            most.stopped_by = std::move(why);
            break;
        }
        if (n < count) {
            most.stopped_by = "it starts no more workers";
            break;
        }
    }
    return most;
}

// Memory of the compared number of connections, by model, and how much of the kernel is in it.
struct Compared {
    KernelPart kernel = KernelPart::unknown;
    std::map<std::string, std::vector<double>> bytes;
};

Cut silent_of(const std::string& model) {
    return {model, "silent", kCompared};
}

Trials::Figure bytes_of(std::string model, KernelPart part, const std::optional<BytesOfEnd>& end) {
    return [model = std::move(model), part, end](const RunResult& result) {
        return connections_held(result, model) >= kCompared
                   ? memory_with(part, result, kCompared, end)
                   : std::nullopt;
    };
}

// With the kernel's part where it is told of every model in every trial; else of none.
Compared compared_memory(const Trials& trials) {
    const auto with = [&](KernelPart part) {
        Compared found{part, {}};
        for (const std::string& model : model_names()) {
            found.bytes[model] =
                trials.memory(silent_of(model), bytes_of(model, part, trials.bytes_of_end()));
        }
        return found;
    };
    Compared user = with(KernelPart::unknown);
    for (const KernelPart part : {KernelPart::read, KernelPart::from_slab}) {
        Compared found = with(part);
        const bool whole = std::all_of(found.bytes.begin(), found.bytes.end(), [&](const auto& of) {
            return of.second.size() == user.bytes.at(of.first).size();
        });
        const bool any = std::any_of(found.bytes.begin(), found.bytes.end(),
                                     [](const auto& of) { return !of.second.empty(); });
        if (whole && any) return found;
    }
    return user;
}

// As figures of the model, and in words.
std::string tell(Measurement& found, const std::string& model, const Most& most,
                 const std::vector<double>& bytes) {
    found.notes[model]["stopped_by"] = most.stopped_by;
    found.figures.push_back(
        exact_figure({model + "/held", model, model, ""}, static_cast<double>(most.held)));
    if (bytes.empty()) {
        return fmt::format("{} held {}, memory unavailable ({})", model,
                           format_exact_count(most.held), most.stopped_by);
    }
    const Estimate whole = typical(bytes);
    Estimate each{whole.value / kCompared, {}};
    std::string interval = "no interval";
    if (whole.interval && whole.interval->low > 0) {
        each.interval = Bounds{whole.interval->low / kCompared, whole.interval->high / kCompared};
        interval = fmt::format("95 % interval {} to {}", human_bytes(each.interval->low),
                               human_bytes(each.interval->high));
    }
    found.figures.push_back(
        estimated_figure({model + "/bytes_each", model, model, "bytes"}, each, bytes.size()));
    return fmt::format("{} held {} ({}) and takes {} each of {} ({})", model,
                       format_exact_count(most.held), most.stopped_by, human_bytes(each.value),
                       format_exact_count(kCompared), interval);
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials& trials) {
    const Compared compared = compared_memory(trials);
    const std::vector<std::uint64_t> counts = context.quick
                                                  ? std::vector<std::uint64_t>{4000}
                                                  : std::vector<std::uint64_t>{4000, 8000, 16000};
    Measurement found;
    found.notes["memory"] = words_of(compared.kernel);
    std::map<std::string, Most> most;
    std::vector<std::string> words;
    for (const std::string& model : model_names()) {
        const std::vector<double>& bytes = compared.bytes.at(model);
        Most known;
        if (!bytes.empty()) {
            known.held = kCompared;
            known.bytes_each = median(bytes) / kCompared;
        }
        most[model] = climb(context, model, std::move(known), counts);
        if (context.stop()) return {found};
        words.push_back(tell(found, model, most[model], bytes));
    }
    const auto with_kernel = [&](const std::string& model) {
        return bytes_of(model, compared.kernel, trials.bytes_of_end());
    };
    const auto over = [&](const std::string& model) {
        return ratio_figure(
            context,
            {"memory_of_" + model + "_over_coroutine/ratio", model + " over coroutine", model},
            trials.memory_pairs(silent_of(model), with_kernel(model), silent_of("coroutine"),
                                with_kernel("coroutine")));
    };
    const auto threads = over("threads"), prefork = over("prefork");
    const auto lead = static_cast<double>(most["coroutine"].held) -
                      static_cast<double>(std::max(most["threads"].held, most["prefork"].held));
    for (auto& figure : figures_of({threads, prefork})) found.figures.push_back(std::move(figure));
    found.figures.push_back(
        exact_figure({"held_more_than_others", "coroutine over the next"}, lead));
    found.reason = fmt::format(
        "{}; that is all memory of a server with {} connections, {}; over that of coroutine: "
        "threads {}, prefork {}",
        fmt::join(words, "; "), format_exact_count(kCompared), words_of(compared.kernel),
        in_words(threads), in_words(prefork));
    return {found};
}

}  // namespace

ClaimTest most_connections() {
    // To hold as many as the next is enough: what ends it may be the machine.
    const Threshold most{"held_more_than_others", {{.low = 0, .with_ends = true}}, {}};
    Sentence sentence{
        "coroutines-carry-most",
        "Coroutines use the least resources and carry the most concurrency",
        {above("memory_of_threads_over_coroutine/ratio", 1, 1),
         above("memory_of_prefork_over_coroutine/ratio", 1, 1), most},
        ClaimPicture{"memory of a server with 1,000 connections, for each",
                     {"prefork/bytes_each", "threads/bytes_each", "coroutine/bytes_each"},
                     true},
        false};
    sentence.source = {
        "each model holds more and more silent connections until it no longer holds them all; "
        "memory is compared at 1,000",
        "loadgen/claims/most_connections.cpp", "climb"};
    return {.name = "the most connections that each model holds",
            .sentences = {sentence},
            .measure = measure,
            .plan = plan,
            .own_means = true,
            .not_in_python =
                "a process of its own for each of thousands of connections would take "
                "an interpreter's memory so many times"};
}

}  // namespace echotrio::loadgen
