// `loadgen calibrate`: the generator against its own null server. Its ceiling on this machine, its
// own error against delays and a stall that are known, and what its waking adds to a latency.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "common/net/signals.hpp"
#include "loadgen/commands/calibrate_cpus.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/engine/null_server.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/trial.hpp"
#include "loadgen/report/console_run.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/subject/cpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

// The injected delay and stall: long against this machine's own noise, short for a person.
constexpr Nanos kDelay = std::chrono::milliseconds(2);
constexpr double kDelayRate = 200;  // requests/s: the server is never busy
constexpr double kStallRate = 1000;
constexpr double kStallShare = 0.1;  // of the window
constexpr double kStallError = 0.1;  // the p95 may be off by this share
constexpr double kWakingRate = 1000;
constexpr int kWakingTurns = 3;  // of each way to wait

struct Options {
    RunOptions run;
    std::string json;
    bool quiet = false;
};

struct Findings {
    CpuFindings cpus;
    double ceiling_rps = 0, measured_rps = 0, busiest_thread = 0, syscalls_per_request = 0;
    double requests_per_cpu_s = 0;
    double held_p50_us = 0, error_p50_us = 0, error_p99_us = 0, lateness_p50_us = 0;
    double stall_ms = 0, stall_expected_p95_us = 0, stall_p95_us = 0, stall_service_p95_us = 0;
    // The median latency of a generator that sleeps and of one that polls. Empty: not_waking says
    // why.
    struct Waking {
        double sleep_p50_us = 0, spin_p50_us = 0;
        std::optional<double> look_us;  // what the look before a run said of it
        double us() const { return sleep_p50_us - spin_p50_us; }
    };
    std::optional<Waking> waking;
    std::string not_waking;
    bool stall_seen() const {
        return std::abs(stall_p95_us - stall_expected_p95_us) <=
               kStallError * stall_expected_p95_us + 1000;
    }
};

double us(std::int64_t ns) {
    return static_cast<double>(ns) / 1000;
}

class Calibration {
  public:
    Calibration(const Options& options, net::SignalFd& signals)
        : options_(options), signals_(signals) {
        const CpuShare share = share_cpus(usable_cpus(), false);
        server_cpus_ = share.server;
        generator_cpus_ = options.run.cpus.empty() ? share.generator : options.run.cpus;
    }

    Result<Findings> run() {
        for (const auto part : {&Calibration::cpus, &Calibration::ceiling, &Calibration::error,
                                &Calibration::stall, &Calibration::waking}) {
            if (const Status done = (this->*part)(); !done) return done.error();
        }
        return findings_;
    }

  private:
    // One run against a null server that behaves like this; what the server says in `report`.
    Result<RunResult> measure(RunOptions run, NullServer::Behaviour behaviour,
                              NullServer::Report& report) {
        behaviour.cpus = server_cpus_;
        auto server = NullServer::start(behaviour);
        if (!server) return server.error();
        run.cpus = generator_cpus_;
        run.target = {Scheme::tcp, (*server)->where(), "/"};
        TrialOptions trial;
        trial.run = std::move(run);
        trial.server_cpus = server_cpus_;
        auto result = run_trial(trial, {}, [this] { return signals_.take().has_value(); });
        report = (*server)->stop();
        if (result && result->interrupted) return Error{"interrupted"};
        return result;
    }

    Status cpus() {
        auto found = look_at_cpus(server_cpus_, generator_cpus_,
                                  [this] { return signals_.take().has_value(); });
        if (!found) return found.error();
        findings_.cpus = std::move(*found);
        return Done{};
    }

    // A closed loop. When the null server was the limit, the generator could have done more.
    Status ceiling() {
        NullServer::Report report;
        const auto result = measure(options_.run, {}, report);
        if (!result) return result.error();
        findings_.measured_rps = result->throughput_rps;
        findings_.busiest_thread = result->generator.busiest_thread;
        findings_.ceiling_rps =
            result->throughput_rps / std::clamp(result->generator.busiest_thread, 0.01, 1.0);
        findings_.syscalls_per_request = result->generator.syscalls_per_request.value_or(0);
        findings_.requests_per_cpu_s =
            static_cast<double>(result->requests) / std::max(result->generator.cpu_s, 1e-9);
        return Done{};
    }

    // Known delays at a low rate: what latency says beyond the time that the server held a request.
    Status error() {
        NullServer::Report report;
        RunOptions run = options_.run;
        run.rate = {{kDelayRate, Nanos(0)}};
        const auto result = measure(run, {kDelay, Nanos(0), Nanos(0), {}}, report);
        if (!result) return result.error();
        const auto over = [&](double percentile) {
            return us(result->latency.value_at_percentile(percentile) -
                      report.held.value_at_percentile(percentile));
        };
        findings_.held_p50_us = us(report.held.value_at_percentile(50));
        findings_.error_p50_us = over(50);
        findings_.error_p99_us = over(99);
        findings_.lateness_p50_us = us(result->lateness.value_at_percentile(50));
        return Done{};
    }

    // A stall of a tenth of the window delays a tenth of evenly spaced requests, by what was left
    // of it when they were due: so the 95th percentile is half the stall.
    Status stall() {
        NullServer::Report report;
        RunOptions run = options_.run;
        run.rate = {{kStallRate, Nanos(0)}};
        run.arrival = Arrival::constant;
        const Nanos length = from_seconds(seconds(run.duration) * kStallShare);
        const auto result =
            measure(run, {Nanos(0), length, run.warmup + run.duration / 3, {}}, report);
        if (!result) return result.error();
        const double stalled_us = us(report.stalled.count());
        const double slow_share = stalled_us * 1e-6 / result->duration_s;
        findings_.stall_ms = stalled_us / 1000;
        findings_.stall_expected_p95_us = stalled_us * std::max(0.0, 1 - 0.05 / slow_share);
        findings_.stall_p95_us = us(result->latency.value_at_percentile(95));
        findings_.stall_service_p95_us = us(result->service_time.value_at_percentile(95));
        return Done{};
    }

    // Both ways to wait in turns, at a rate at which the CPUs go to sleep in between.
    Status waking() {
        const auto shared = std::find_first_of(generator_cpus_.begin(), generator_cpus_.end(),
                                               server_cpus_.begin(), server_cpus_.end());
        if (shared != generator_cpus_.end()) {
            findings_.not_waking = "the generator has no CPU apart from the server's";
            return Done{};
        }
        RunOptions run = options_.run;
        run.connections = run.threads = 1;
        run.rate = {{kWakingRate, Nanos(0)}};
        run.duration /= Nanos::rep{2} * kWakingTurns;
        run.warmup = std::min(run.warmup, run.duration);
        Findings::Waking found;
        Histogram asleep;
        Histogram polling;
        for (int turn = 0; turn < kWakingTurns; ++turn) {
            for (const IdleStrategy strategy : {IdleStrategy::sleep, IdleStrategy::spin}) {
                NullServer::Report report;
                run.idle_strategy = strategy;
                const auto result = measure(run, {}, report);
                if (!result) return result.error();
                if (const Verdict& verdict = result->verdict; !verdict.valid) {
                    findings_.not_waking = verdict.reasons.front().what;
                    return Done{};
                }
                (strategy == IdleStrategy::sleep ? asleep : polling).add(result->latency);
                if (const auto& look = result->generator.waking_us) found.look_us = look;
            }
        }
        found.sleep_p50_us = us(asleep.value_at_percentile(50));
        found.spin_p50_us = us(polling.value_at_percentile(50));
        findings_.waking = found;
        return Done{};
    }

    const Options& options_;
    net::SignalFd& signals_;
    std::vector<int> server_cpus_, generator_cpus_;
    Findings findings_;
};

std::string describe(const Findings& f) {
    const auto time = [](double of_us) { return human_duration(from_seconds(of_us * 1e-6)); };
    std::string text = describe(f.cpus);
    text += fmt::format(
        "ceiling   {}/s ({}/s measured with the generator {:.0f} % busy; {}/s per CPU-second, "
        "{:.2f} system calls a request)\n",
        grouped(f.ceiling_rps), grouped(f.measured_rps), f.busiest_thread * 100,
        grouped(f.requests_per_cpu_s), f.syscalls_per_request);
    text += fmt::format(
        "error     replies held for {}: latency says {} more at the median, {} at p99 (the network "
        "and {} of lateness are in it)\n",
        time(f.held_p50_us), time(f.error_p50_us), time(f.error_p99_us), time(f.lateness_p50_us));
    text += fmt::format(
        "stall     of {:.1f} ms: p95 should be {}, measured {}; service time alone would say {}\n",
        f.stall_ms, time(f.stall_expected_p95_us), time(f.stall_p95_us),
        time(f.stall_service_p95_us));
    if (f.waking) {
        text += fmt::format(
            "waking    1 connection, {}/s: median {} with a generator that sleeps, {} with one "
            "that polls (--idle-strategy)\n",
            grouped(kWakingRate), time(f.waking->sleep_p50_us), time(f.waking->spin_p50_us));
    } else {
        text += fmt::format("waking    not measured: {}\n", f.not_waking);
    }
    if (!f.stall_seen()) {
        text +=
            "INVALID   the stall is not where it should be: the machine is too busy to measure "
            "on\n";
    }
    return text;
}

Json waking_json(const std::optional<Findings::Waking>& waking) {
    if (!waking) return nullptr;
    return {{"rate", kWakingRate},
            {"sleep_p50_us", waking->sleep_p50_us},
            {"spin_p50_us", waking->spin_p50_us},
            {"waking_us", waking->us()},
            {"look_us", waking->look_us ? Json(*waking->look_us) : Json(nullptr)}};
}

Json to_json(const Findings& f, const Options& options) {
    Json json{{"schema_version", kSchemaVersion},
              {"command",
               {{"connections", options.run.connections},
                {"threads", options.run.threads},
                {"duration", format_duration(options.run.duration)},
                {"size", options.run.size}}},
              {"environment", describe_environment()},
              {"ceiling_rps", f.ceiling_rps},
              {"measured_rps", f.measured_rps},
              {"busiest_thread", f.busiest_thread},
              {"requests_per_cpu_s", f.requests_per_cpu_s},
              {"syscalls_per_request", f.syscalls_per_request},
              {"held_p50_us", f.held_p50_us},
              {"error_p50_us", f.error_p50_us},
              {"error_p99_us", f.error_p99_us},
              {"lateness_p50_us", f.lateness_p50_us},
              {"stall",
               {{"length_ms", f.stall_ms},
                {"expected_p95_us", f.stall_expected_p95_us},
                {"measured_p95_us", f.stall_p95_us},
                {"service_time_p95_us", f.stall_service_p95_us}}},
              {"waking", waking_json(f.waking)},
              {"valid", f.stall_seen()}};
    add_to_json(json, f.cpus);
    return json;
}

int calibrate(const Options& options) {
    auto signals = net::SignalFd::block({SIGINT, SIGTERM});
    if (!signals) return cli::fail(signals.error().message);
    const auto findings = Calibration(options, *signals).run();
    if (!findings) return cli::fail(findings.error().message);
    const std::string json = to_indented_text(to_json(*findings, options));
    if (!options.quiet) {
        fmt::print(summary_stream(options.json), "{}", describe(*findings));
    }
    return keep(options.json, json, findings->stall_seen() ? cli::kExitOk : kExitInvalid);
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
    CLI::App& command = cli::command(
        app, "calibrate", "The generator's ceiling and its own error, against its null server");
    auto options = std::make_shared<Options>();
    RunOptions& run = options->run;
    run.connections = 64;
    run.duration = std::chrono::seconds(3);
    run.warmup = std::chrono::milliseconds(300);
    cli::option(command, "-c,--connections", run.connections, "Connections")
        .check(cli::number_between(1, 10'000));
    cli::option(command, "-t,--threads", run.threads, "Generator threads")
        .check(cli::number_between(1, 1000));
    cli::duration(command, "-d,--duration", run.duration, "Of each of the four parts")
        .check(cli::at_most(std::chrono::minutes(10)));
    cli::size(command, "--size", run.size, "Bytes of a message")
        .check(cli::size_between(1, 16 * 1024));
    cli::cpus(command, "--cpus", run.cpus, "CPUs for the generator's threads");
    output_option(command, "--json", options->json,
                  "Write the findings as JSON to this file; - for standard output");
    cli::flag(command, "--quiet", options->quiet, "No summary");
    cli::on_command(command, [options, &status] {
        const Status checked = check_options(options->run);
        status =
            checked ? calibrate(*options) : cli::fail(checked.error().message, cli::kExitUsage);
    });
}

}  // namespace echotrio::loadgen
