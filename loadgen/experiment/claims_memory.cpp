// Claims about what a worker, a thread and a coroutine cost, and how many there can be.
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/experiment/claims.hpp"
#include "loadgen/experiment/server_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

const char* const kModels[] = {"prefork", "threads", "coroutine"};

std::vector<std::string> pool_for(std::uint64_t connections) {
    const std::string workers = fmt::format("{}", connections + 2);
    return {"--start-workers", workers, "--min-spare",   "1",
            "--max-spare",     workers, "--max-workers", workers};
}

std::optional<double> memory_of_processes(const RunResult& result) {
    if (!result.server) return std::nullopt;
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
            }};
}

// From the start of the program to its ready line, for one worker more: what a fork costs.
std::vector<double> fork_times_us(const ClaimContext& context) {
    constexpr std::uint64_t kMany = 201;
    std::vector<double> times;
    for (std::uint64_t i = 0; i < context.repetitions() && !context.stop(); ++i) {
        double took[2] = {};
        for (const bool many : {false, true}) {
            const TimePoint begin = now();
            auto server = ServerProcess::start(context.bin_dir, "prefork",
                                               pool_for(many ? kMany : 1), context.one_cpu());
            if (!server) return {};
            took[many ? 1 : 0] = micros(now() - begin);
            server->stop();
        }
        times.push_back((took[1] - took[0]) / (kMany - 1));
    }
    return times;
}

Claim memory_claim(const ClaimContext& context) {
    Claim claim{"process-thread-coroutine-memory",
                "A process costs more memory than a thread, and a thread more than a coroutine"};
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
                {{"threads", "threads", {}, context.one_cpu(), 0, {}, churn},
                 {"coroutine", "coroutine", {}, context.one_cpu(), 0, {}, churn}},
                context.repetitions());
    const auto cost = [](const RunResult& r) {
        return r.server ? r.server->cpu_us_per_request : std::nullopt;
    };
    const auto thread = measured.figures("threads", cost);
    const auto coroutine = measured.figures("coroutine", cost);
    const auto process = fork_times_us(context);
    const Effect thread_over = effect_of(context, thread, coroutine);
    const Effect process_over = effect_of(context, process, thread);
    claim.evidence = {{"process_us", process.empty() ? 0 : median(process)},
                      {"connection_with_thread_us", thread.empty() ? 0 : median(thread)},
                      {"connection_with_coroutine_us", coroutine.empty() ? 0 : median(coroutine)},
                      {"process_over_thread", process_over.json},
                      {"thread_over_coroutine", thread_over.json}};
    claim.reason = fmt::format(
        "starting one more worker takes {:.3g} us; CPU time of a whole short connection is {:.3g} "
        "us "
        "with a thread and {:.3g} us with a coroutine; ratios {} and {}",
        process.empty() ? 0 : median(process), thread.empty() ? 0 : median(thread),
        coroutine.empty() ? 0 : median(coroutine), process_over.text, thread_over.text);
    if (process_over.known && thread_over.known) {
        if (process_over.low > 1 && thread_over.low > 1) claim.verdict = ClaimVerdict::supported;
        if (process_over.high < 1 || thread_over.high < 1) claim.verdict = ClaimVerdict::refuted;
    }
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

}  // namespace

std::vector<Claim> costs_of_being(const ClaimContext& context) {
    return {memory_claim(context), creation_claim(context)};
}

std::vector<Claim> most_connections(const ClaimContext& context) {
    Claim claim{"coroutines-carry-most",
                "Coroutines use the least resources and carry the most concurrency"};
    const std::vector<std::uint64_t> asked =
        context.quick ? std::vector<std::uint64_t>{1000, 4000}
                      : std::vector<std::uint64_t>{1000, 4000, 8000, 16000};
    std::map<std::string, std::uint64_t> most;
    std::map<std::string, double> bytes;
    std::vector<std::string> words;
    for (const char* model : kModels) {
        std::string stop = "not stopped within what was tried";
        for (const std::uint64_t n : asked) {
            const bool pool = std::string_view(model) == "prefork";
            const auto arguments = pool ? pool_for(n) : std::vector<std::string>{};
            const Measured measured = measure(context, {silent(context, model, n, arguments)}, 1);
            if (context.stop()) return {claim};
            if (measured.results.empty()) {
                stop = measured.trouble;
                break;
            }
            const RunResult& result = measured.results.begin()->second.front();
            std::uint64_t held = result.connections.idle - result.connections.idle_lost;
            if (result.server && std::string_view(model) == "prefork") {
                held = std::min(held, result.server->processes - 1);
            }
            if (const auto memory = memory_of_processes(result); memory && held >= most[model]) {
                bytes[model] = *memory / static_cast<double>(std::max<std::uint64_t>(held, 1));
            }
            most[model] = std::max(most[model], held);
            if (const auto why = stopped_by(model, result, n, held); !why.empty()) {
                stop = why;
                break;
            }
        }
        claim.evidence[model] = {
            {"held", most[model]},
            {"bytes_each", bytes[model]},
            {"per_GiB", bytes[model] > 0 ? std::round((1 << 30) / bytes[model]) : 0},
            {"stopped_by", stop}};
        words.push_back(fmt::format("{} held {} at {:.3g} KiB each ({})", model, most[model],
                                    bytes[model] / 1024, stop));
    }
    claim.reason = fmt::format("{}", fmt::join(words, "; "));
    const bool most_held =
        most["coroutine"] >= most["threads"] && most["coroutine"] >= most["prefork"];
    const bool least_used = bytes["coroutine"] > 0 && bytes["coroutine"] < bytes["threads"] &&
                            bytes["coroutine"] < bytes["prefork"];
    claim.verdict = most_held && least_used ? ClaimVerdict::supported : ClaimVerdict::refuted;
    return {claim};
}

}  // namespace echotrio::loadgen
