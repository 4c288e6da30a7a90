#include "tests/support/sample_experiment.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/record/summary.hpp"

namespace echotrio::loadgen {
namespace {

Plan sample_plan() {
    Plan plan;
    for (const char* model : {"prefork", "threads", "coroutine"}) {
        plan.variants.push_back({model, model, {}});
    }
    for (const char* name : {"http", "idle"}) {
        plan.workloads.push_back(*find_workload(standard_workloads(), name));
    }
    plan.levels = {{"http", 64}, {"http", 1000}};
    for (const std::uint64_t n : {50U, 100U, 150U, 200U}) plan.levels.push_back({"idle", n});
    plan.repetitions = 3;
    plan.seed = 42;
    return plan;
}

// Deterministic, different for each model and repetition, of a plausible size.
double speed_of(const std::string& model) {
    return model == "prefork" ? 1.0 : model == "threads" ? 1.3 : 2.6;
}

// What the kernel keeps for the task that has a connection.
double task_of(const std::string& model) {
    return model == "prefork" ? 30e3 : model == "threads" ? 7e3 : 0;
}

Trial make_trial(const Plan& plan, const TrialPoint& point) {
    Trial trial;
    trial.point = point;
    trial.server_command = {"echo-" + point.variant};
    trial.generator_command = {"loadgen", "run", "http://127.0.0.1:7001/echo/hi"};
    trial.server_cpus = {0};
    trial.generator_cpus = {1};
    trial.command = {{"url", "http://127.0.0.1:7001/echo/hi"}};
    const double jitter = 1 + 0.01 * static_cast<double>(point.repetition);
    const auto connections = static_cast<double>(point.level.connections);
    RunResult& r = trial.result;
    r.duration_s = 1;
    r.throughput_rps = 20'000 * speed_of(point.variant) * jitter;
    r.requests = static_cast<std::uint64_t>(r.throughput_rps);
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        r.latency.record(static_cast<std::int64_t>(static_cast<double>(i) * 2e3 * jitter /
                                                   speed_of(point.variant)));
    }
    r.latency_us = summarise(r.latency);
    r.accounting = r.total = {r.requests, r.requests, r.requests, 0, 0, 0, 0};
    r.mean_in_flight = connections;
    r.connections.opened = r.connections.served = point.level.connections;
    r.connections.fairness = 1;
    r.generator = {0.4, {}, 0.4, 0.001, 1, 2.01, {}, {}, {}};
    const Workload& workload = workload_of(plan, point);
    if (workload.silent) {
        r.connections.idle = point.level.connections;
        r.connections.opened = r.connections.served = 1;
    }
    ServerUse use;
    use.cpu_s = 0.9;
    use.user_s = 0.3;
    use.system_s = 0.6;
    use.cpu_us_per_request = 30 * jitter / speed_of(point.variant);
    use.voluntary_switches = 500;
    use.involuntary_switches = 20;
    use.processes = point.variant == "prefork" ? point.level.connections + 2 : 1;
    use.threads = use.processes;
    const double each = point.variant == "prefork" ? 40e3 : point.variant == "threads" ? 9e3 : 500;
    use.memory = {{"pss", 1e6 + connections * each * jitter},
                  {"page_tables", 50e3 + connections * each / 4},
                  {"kernel_stacks", 16e3 + connections * each / 3},
                  {"task_objects", std::nullopt},  // measured by an ordinary user
                  {"socket_objects", std::nullopt},
                  {"socket_buffers", 4096},
                  {"slab", 1e6 + connections * (7000 + task_of(point.variant)) + 20e3 * jitter},
                  {"slab_still", 20e3}};
    use.ends_here = 2;
    use.memory_before = {{"pss", 1e6}, {"page_tables", 50e3}, {"kernel_stacks", 16e3}};
    use.memory_peak = use.memory;
    use.memory_peak["rss_peak_sum"] = 3e6 + connections * each;
    use.memory_after = use.memory_before;
    if (point.variant == "prefork") use.memory_after = use.memory;
    r.server = use;
    return trial;
}

// The sample's trials with noise in every digit, as real ones have it.
void roughen(Trial& trial, Rng& rng) {
    const auto noise = [&] { return 0.9 + 0.2 * rng.uniform(); };
    RunResult& r = trial.result;
    r.throughput_rps *= noise();
    r.mean_in_flight *= noise();
    r.generator.cpu_s *= noise();
    r.generator.busiest_thread *= noise();
    r.generator.run_queue_wait = 0.02 * rng.uniform();
    r.machine.hiccup_p99_us = 100 * noise();
    r.latency = {};
    for (int i = 0; i < 2000; ++i) {
        r.latency.record(static_cast<std::int64_t>(2e5 + 1e6 * rng.exponential()));
    }
    r.latency_us = r.service_time_us = r.lateness_us = summarise(r.latency);
    r.service_time = r.lateness = r.latency;
    r.server->cpu_us_per_request = 30 * noise();
    r.server->run_queue_wait_s = 0.1 * noise();
    for (auto& [key, bytes] : r.server->memory) {
        if (bytes) *bytes *= noise();
    }
    for (int second = 1; second <= 10; ++second) {
        Interval interval;
        interval.at_s = second;
        interval.completed = static_cast<std::uint64_t>(r.throughput_rps * noise());
        interval.in_flight = trial.point.level.connections;
        interval.p99_us = 4000 * noise();
        r.intervals.push_back(interval);
    }
}

}  // namespace

Experiment sample_on_one_and_two_cpus() {
    Experiment experiment = sample_experiment();
    std::vector<Trial> trials;
    for (Trial trial : experiment.trials) {
        if (trial.point.level.workload != "http" || trial.point.level.connections != 64) continue;
        trial.point.level.server_cpus = 1;
        trials.push_back(trial);
        trial.point.level.server_cpus = 2;
        trial.server_cpus = {0, 1};
        trial.result.throughput_rps *= 2;
        trials.push_back(trial);
    }
    experiment.trials = std::move(trials);
    return experiment;
}

Companions sample_companions() {
    Companions beside;
    beside.claims.emplace();
    beside.claims->claims = {
        {"process-thread-coroutine-memory",
         "A process costs more memory than a thread, and a thread more than a coroutine",
         ClaimVerdict::supported,
         {{"prefork", {{"bytes_per_connection", 130'000.0}, {"ci95", {120'000.0, 140'000.0}}}},
          {"threads", {{"bytes_per_connection", 25'000.0}, {"ci95", {24'000.0, 26'000.0}}}},
          {"coroutine", {{"bytes_per_connection", 500.0}, {"ci95", {-100.0, 1100.0}}}}},
         "per connection: 127 KiB, 24.4 KiB, 500 B",
         {{"prefork/bytes_per_connection", "prefork", "prefork", 130'000, 120'000, 140'000,
           "bytes"},
          {"threads/bytes_per_connection", "threads", "threads", 25'000, 24'000, 26'000, "bytes"},
          {"coroutine/bytes_per_connection", "coroutine", "coroutine", 500, -100, 1100, "bytes"}},
         ClaimPicture{"memory per connection",
                      {"prefork/bytes_per_connection", "threads/bytes_per_connection",
                       "coroutine/bytes_per_connection"},
                      true}},
        {"lock-costs-nothing-on-one-cpu",
         "On one processor the global lock costs nothing: throughput is the same without",
         ClaimVerdict::refuted,
         {{"throughput_with_over_without",
           {{"ratio", 0.8}, {"ci95", {0.75, 0.85}}, {"n", {3, 3}}}}},
         "throughput with the lock over without: 0.8",
         {{"throughput_with_over_without/ratio",
           "with / without",
           "threads",
           0.8,
           0.75,
           0.85,
           "",
           {3, 3}}},
         ClaimPicture{"throughput, with the lock over without",
                      {"throughput_with_over_without/ratio"},
                      false,
                      1}},
        {"yielding-cures",
         "With <b>yielding</b> in between it does not",
         ClaimVerdict::inconclusive,
         {{"longest_wait_ms_never", 99.0}, {"longest_wait_ms_yielding", 80.0}},
         "too few samples",
         {{"longest_wait_ms_never", "never yields", "coroutine", 99, {}, {}, "ms"},
          {"longest_wait_ms_yielding", "every 1 ms", "coroutine", 80, {}, {}, "ms"}},
         ClaimPicture{"longest wait of a small request",
                      {"longest_wait_ms_never", "longest_wait_ms_yielding"}}},
        {"one-thread-at-a-time",
         "Under the global lock one thread runs and the others wait: CPU work does not scale with "
         "cores",
         ClaimVerdict::not_testable, nlohmann::ordered_json::object(),
         "this machine lets us use one CPU; two are needed"}};
    beside.claims->claims[0].source = {"a line through the memory at four counts",
                                       "loadgen/claims/memory_of_being.cpp", "slope_of"};
    beside.plan.emplace();
    beside.plan->workload = "http";
    beside.plan->demand.rate = 50'000;
    beside.plan->demand.connections = 20'000;
    beside.plan->demand.memory_bytes = 1e9;
    return beside;
}

Experiment maximal_experiment() {
    Plan plan = sample_plan();
    plan.workloads = standard_workloads();
    plan.workloads.erase(plan.workloads.begin() + 1);  // six of them
    plan.levels.clear();
    for (const Workload& workload : plan.workloads) {
        for (std::uint64_t n = 8; n <= 1024; n *= 2) plan.levels.push_back({workload.name, n});
    }
    plan.repetitions = 10;
    Experiment experiment = sample_experiment();
    experiment.settings = plan_to_json(plan);
    experiment.trials.clear();
    Rng rng(1);
    for (const TrialPoint& point : order_trials(plan)) {
        Trial trial = make_trial(plan, point);
        roughen(trial, rng);
        if (rng.uniform() < 0.1) {
            trial.result.verdict.valid = false;
            trial.result.verdict.reasons.push_back(
                {"generator", "a generator thread waited for a CPU for 3.1 % of the window",
                 "give it CPUs of its own"});
        }
        experiment.trials.push_back(std::move(trial));
    }
    return experiment;
}

Experiment sample_experiment() {
    const Plan plan = sample_plan();
    Experiment experiment;
    experiment.environment = {
        {"time", "2026-01-02T03:04:05Z"},
        {"host", "<b>markup & \"quotes\"</b>"},
        {"kernel", "Linux 6.1"},
        {"cpu_model", "Sample CPU"},
        {"cpus_online", 2},
        {kEndKey, end_to_json(BytesOfEnd{Estimate{3500, Bounds{3450, 3550}}})}};
    experiment.settings = plan_to_json(plan);
    experiment.seed = plan.seed;
    experiment.started_unix_s = 1767323045;
    experiment.command_line = "loadgen compare --seed 42";
    experiment.complete = true;
    for (const TrialPoint& point : order_trials(plan)) {
        Trial trial = make_trial(plan, point);
        if (point.variant == "prefork" && point.level.connections == 1000) {
            trial.result.connections.served = 256;
            trial.result.verdict.rankable = false;
            trial.result.verdict.flags.push_back(
                {"fairness", "256 of 1000 connections got a reply", "give it more workers"});
        }
        if (point.variant == "threads" && point.level == Level{"http", 64} &&
            point.repetition == 2) {
            Trial spoiled = trial;
            spoiled.superseded = true;
            spoiled.result.verdict.valid = false;
            spoiled.result.verdict.reasons.push_back(
                {"generator", "a thread waited for a CPU", "give it CPUs of its own"});
            experiment.trials.push_back(std::move(spoiled));
            trial.attempt = 2;
        }
        if (point.level == Level{"http", 64}) {
            trial.cross_check = CrossCheck{
                "wrk 4.1.0", "wrk -c 64", 0.97 * trial.result.throughput_rps, 900.0, 1900.0, ""};
        }
        experiment.trials.push_back(std::move(trial));
    }
    return experiment;
}

}  // namespace echotrio::loadgen
