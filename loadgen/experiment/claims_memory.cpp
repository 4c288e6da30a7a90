// Claims about what a worker, a thread and a coroutine cost, and how many there can be.
#include "common/base/units.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/experiment/claims.hpp"
#include "loadgen/experiment/server_process.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/probe/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <utility>

namespace echotrio::loadgen {
namespace {

const char* const kModels[] = {"prefork", "threads", "coroutine"};

std::vector<std::string> pool_for(std::uint64_t connections) {
    const std::string workers = fmt::format("{}", connections + 2);
    return {"--start-workers", workers, "--min-spare",   "1",
            "--max-spare",     workers, "--max-workers", workers};
}

// What belongs to the processes alone: exact, and enough to compare them by.
std::optional<double> memory_of_processes(const RunResult& result) {
    if (!result.server || result.server->died) return std::nullopt;
    double total = 0;
    for (const char* part : {"pss", "page_tables", "kernel_stacks"}) {
        const auto found = result.server->memory.find(part);
        if (found == result.server->memory.end() || !found->second) return std::nullopt;
        total += *found->second;
    }
    return total;
}

Condition silent(const ClaimContext& context, const std::string& model, std::uint64_t connections,
                 std::vector<std::string> arguments) {
    return {fmt::format("{} {}", model, connections),
            model,
            std::move(arguments),
            context.one_cpu(),
            0,
            {},
            [connections](RunOptions& options) {
                options.target.scheme = Scheme::tcp;
                options.connections = 1;
                options.idle = connections;
                options.rate = {{.rate = 200}};
                options.arrival = Arrival::constant;
                options.duration = std::chrono::milliseconds(200);
                options.warmup = std::chrono::milliseconds(50);
            },
            false};
}

// CPU time that a process and its children have used since they began. Empty where it is not told.
std::optional<double> cpu_us_of_family(pid_t parent) {
    double total_ns = 0;
    std::vector<pid_t> pids = children_of(parent);
    pids.push_back(parent);
    for (const pid_t pid : pids) {
        std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
        std::uint64_t on_cpu_ns = 0;
        if (!(file >> on_cpu_ns)) return std::nullopt;
        total_ns += static_cast<double>(on_cpu_ns);
    }
    return total_ns / 1000;
}

// CPU time that one worker more costs until it waits for connections: its fork and its beginning.
std::vector<double> process_costs_us(const ClaimContext& context) {
    constexpr std::uint64_t kMany = 201;
    std::vector<double> costs;
    for (std::uint64_t i = 0; i < context.many_repetitions() && !context.stop(); ++i) {
        double used[2] = {};
        for (const bool many : {false, true}) {
            auto server = ServerProcess::start(context.bin_dir, "prefork",
                                               pool_for(many ? kMany : 1), context.one_cpu());
            if (!server) return {};
            auto probe = GroupProbe::attach(server->pid());
            if (!probe) return {};
            probe->memory();  // returns once the workers stand still
            const auto cost = cpu_us_of_family(server->pid());
            if (!cost) return {};
            used[many ? 1 : 0] = *cost;
            server->stop();
        }
        costs.push_back((used[1] - used[0]) / (kMany - 1));
    }
    return costs;
}

Claim memory_claim(const ClaimContext& context) {
    Claim claim{"process-thread-coroutine-memory",
                "A process costs more memory than a thread, and a thread more than a coroutine"};
    claim.by_time = false;
    const std::vector<std::uint64_t> counts{40, 80, 120, 160};
    std::vector<Condition> conditions;
    for (const char* model : kModels) {
        for (const std::uint64_t n : counts) {
            const bool pool = std::string_view(model) == "prefork";
            conditions.push_back(
                silent(context, model, n, pool ? pool_for(n) : std::vector<std::string>{}));
        }
    }
    const Measured measured = measure(context, conditions, context.quick ? 2 : 5);
    std::vector<Line> lines;
    std::vector<std::string> words;
    for (const char* model : kModels) {
        std::vector<double> x, y;
        for (const std::uint64_t n : counts) {
            for (const double bytes :
                 measured.figures(fmt::format("{} {}", model, n), memory_of_processes)) {
                x.push_back(static_cast<double>(n));
                y.push_back(bytes);
            }
        }
        const auto line = least_squares(x, y);
        if (!line) {
            claim.reason =
                fmt::format("memory of {} could not be measured: {}", model, measured.trouble);
            return claim;
        }
        lines.push_back(*line);
        claim.evidence[model] = {{"bytes_per_connection", line->slope},
                                 {"ci95", {line->slope_interval.low, line->slope_interval.high}}};
        words.push_back(fmt::format("{} {:.3g} KiB ({:.3g} to {:.3g})", model, line->slope / 1024,
                                    line->slope_interval.low / 1024,
                                    line->slope_interval.high / 1024));
    }
    claim.reason = fmt::format("per connection, with 95 % interval: {}", fmt::join(words, ", "));
    const bool ordered = lines[0].slope_interval.low > lines[1].slope_interval.high &&
                         lines[1].slope_interval.low > lines[2].slope_interval.high;
    const bool reversed = lines[0].slope_interval.high < lines[1].slope_interval.low ||
                          lines[1].slope_interval.high < lines[2].slope_interval.low;
    if (ordered) claim.verdict = ClaimVerdict::supported;
    if (reversed) claim.verdict = ClaimVerdict::refuted;
    return claim;
}

Claim creation_claim(const ClaimContext& context) {
    Claim claim{
        "process-thread-coroutine-creation",
        "Creating a process takes longer than creating a thread, and a thread longer than a "
        "coroutine"};
    const auto churn = [&context](RunOptions& options) {
        small_http_load(context, options);
        options.target.scheme = Scheme::tcp;
        options.connections = 4;
        options.requests_per_connection = 1;
    };
    const Measured measured =
        measure(context,
                {{"threads", "threads", {}, context.one_cpu(), 0, {}, churn, false},
                 {"coroutine", "coroutine", {}, context.one_cpu(), 0, {}, churn, false}},
                context.many_repetitions());
    const auto cost = [](const RunResult& r) {
        return r.server ? r.server->cpu_us_per_request : std::nullopt;
    };
    const auto thread = measured.figures("threads", cost);
    const auto coroutine = measured.figures("coroutine", cost);
    const auto process = process_costs_us(context);
    const Effect thread_over = effect_of(context, thread, coroutine);
    const Effect process_over = effect_of(context, process, thread);
    claim.evidence = {{"process_us", process.empty() ? 0 : median(process)},
                      {"connection_with_thread_us", thread.empty() ? 0 : median(thread)},
                      {"connection_with_coroutine_us", coroutine.empty() ? 0 : median(coroutine)},
                      {"process_over_thread", process_over.json},
                      {"thread_over_coroutine", thread_over.json}};
    claim.reason = fmt::format(
        "CPU time of one more worker is {:.3g} us, of a whole short connection {:.3g} us "
        "with a thread and {:.3g} us with a coroutine; ratios {} and {}",
        process.empty() ? 0 : median(process), thread.empty() ? 0 : median(thread),
        coroutine.empty() ? 0 : median(coroutine), process_over.text, thread_over.text);
    if (process_over.known && thread_over.known) {
        if (process_over.low > 1 && thread_over.low > 1) claim.verdict = ClaimVerdict::supported;
        if (process_over.high < 1 || thread_over.high < 1) claim.verdict = ClaimVerdict::refuted;
    }
    explain(claim, measured);
    return claim;
}

// What kept a model from holding `asked` silent connections; empty = it held them.
std::string stopped_by(const std::string& model, const RunResult& result, std::uint64_t asked,
                       std::uint64_t held) {
    if (held >= asked) return {};
    if (model == "prefork") return "its workers: no more could be started";
    if (result.connections.out_of_descriptors > 0) return "descriptors of the generator";
    if (result.connections.out_of_ports > 0) return "local ports";
    return "the server refused or closed connections (descriptors, threads)";
}

std::uint64_t connections_held(const std::string& model, const RunResult& result) {
    const std::uint64_t held = result.connections.idle - result.connections.idle_lost;
    if (model != "prefork" || !result.server) return held;
    return std::min(held, result.server->processes - 1);
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
        const auto arguments = model == "prefork" ? pool_for(n) : std::vector<std::string>{};
        const Measured measured = measure(context, {silent(context, model, n, arguments)}, 1);
        if (measured.results.empty()) {
            most.stopped_by = measured.trouble;
            break;
        }
        const RunResult& result = measured.results.begin()->second.front();
        const std::uint64_t held = connections_held(model, result);
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

}  // namespace

std::vector<Claim> costs_of_being(const ClaimContext& context) {
    return {memory_claim(context), creation_claim(context)};
}

std::vector<Claim> most_connections(const ClaimContext& context) {
    Claim claim{"coroutines-carry-most",
                "Coroutines use the least resources and carry the most concurrency"};
    claim.by_time = false;
    constexpr std::uint64_t kCompared = 1000;
    std::vector<Condition> conditions;
    for (const std::string model : kModels) {
        conditions.push_back(
            silent(context, model, kCompared,
                   model == "prefork" ? pool_for(kCompared) : std::vector<std::string>{}));
    }
    const Measured compared = measure(context, conditions, context.repetitions());
    const auto bytes_of = [&](const std::string& model) {
        return compared.figures(
            fmt::format("{} {}", model, kCompared), [&](const RunResult& result) {
                return connections_held(model, result) >= kCompared ? memory_with_kernel(result)
                                                                    : std::nullopt;
            });
    };
    const std::vector<std::uint64_t> counts = context.quick
                                                  ? std::vector<std::uint64_t>{4000}
                                                  : std::vector<std::uint64_t>{4000, 8000, 16000};
    std::map<std::string, Most> most;
    std::vector<std::string> words;
    for (const std::string model : kModels) {
        Most known;
        if (const auto all = bytes_of(model); !all.empty()) {
            known.held = kCompared;
            known.bytes_each = median(all) / kCompared;
        }
        most[model] = climb(context, model, std::move(known), counts);
        if (context.stop()) return {claim};
        const auto& [held, bytes, stop] = most[model];
        claim.evidence[model] = {
            {"held", held}, {"bytes_each", nullptr}, {"per_GiB", nullptr}, {"stopped_by", stop}};
        std::string each = "memory unavailable";
        if (bytes) {
            claim.evidence[model]["bytes_each"] = *bytes;
            claim.evidence[model]["per_GiB"] = std::round((1 << 30) / *bytes);
            each =
                fmt::format("{:.3g} KiB each, {:.3g} per GiB", *bytes / 1024, (1 << 30) / *bytes);
        }
        words.push_back(fmt::format("{} held {}, {} ({})", model, held, each, stop));
    }
    const auto own = bytes_of("coroutine");
    const Effect threads = effect_of(context, bytes_of("threads"), own);
    const Effect prefork = effect_of(context, bytes_of("prefork"), own);
    claim.evidence["memory_of_threads_over_coroutine"] = threads.json;
    claim.evidence["memory_of_prefork_over_coroutine"] = prefork.json;
    claim.reason = fmt::format(
        "{}; memory of {} connections, kernel included: threads {} times that of coroutine, "
        "prefork "
        "{}",
        fmt::join(words, "; "), kCompared, threads.text, prefork.text);
    const std::uint64_t held = most["coroutine"].held;
    const bool most_held = held >= most["threads"].held && held >= most["prefork"].held;
    if (!threads.known || !prefork.known) return {claim};
    if (most_held && threads.low > 1 && prefork.low > 1) claim.verdict = ClaimVerdict::supported;
    if (threads.high < 1 || prefork.high < 1) claim.verdict = ClaimVerdict::refuted;
    return {claim};
}

}  // namespace echotrio::loadgen
