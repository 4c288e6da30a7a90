#include "loadgen/report/comparison_csv.hpp"

#include "loadgen/report/metrics.hpp"

#include <fmt/format.h>

#include <vector>

namespace echotrio::loadgen {
namespace {

std::string quoted(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

std::string checks(const std::vector<Finding>& findings) {
    std::vector<std::string> names;
    for (const Finding& finding : findings) names.push_back(finding.check);
    return fmt::format("{}", fmt::join(names, " "));
}

// Header and row are filled by the same calls, so that they can't drift apart.
class Row {
  public:
    explicit Row(std::vector<std::string>* header) : header_(header) {}

    void text(const char* name, std::string_view value) {
        if (header_ != nullptr) header_->emplace_back(name);
        fields_.push_back(quoted(value));
    }
    void number(const std::string& name, std::optional<double> value) {
        text(name.c_str(), value ? fmt::format("{:.10g}", *value) : "");
    }
    void count(const char* name, std::uint64_t value) { text(name, fmt::format("{}", value)); }
    void flag(const char* name, bool value) { text(name, value ? "1" : "0"); }

    std::string line() const { return fmt::format("{}\n", fmt::join(fields_, ",")); }

  private:
    std::vector<std::string>* header_;
    std::vector<std::string> fields_;
};

void add_latency(Row& row, const std::string& name, const LatencySummary& s) {
    row.number(name + "_mean_us", s.mean);
    row.number(name + "_p50_us", s.p50);
    row.number(name + "_p90_us", s.p90);
    row.number(name + "_p99_us", s.p99);
    row.number(name + "_p99_9_us", s.p99_9);
    row.number(name + "_p99_99_us", s.p99_99);
    row.number(name + "_max_us", s.max);
}

void add_server(Row& row, const Trial& trial) {
    const ServerUse* server = trial.result.server ? &*trial.result.server : nullptr;
    const auto number = [&](const char* name, const auto& of) {
        row.number(name, server == nullptr ? std::optional<double>() : of(*server));
    };
    using Value = std::optional<double>;
    number("server_cpu_s", [](const ServerUse& s) { return Value(s.cpu_s); });
    number("server_user_s", [](const ServerUse& s) { return Value(s.user_s); });
    number("server_system_s", [](const ServerUse& s) { return Value(s.system_s); });
    number("server_cpu_us_per_request", [](const ServerUse& s) { return s.cpu_us_per_request; });
    number("server_run_queue_wait_s", [](const ServerUse& s) { return s.run_queue_wait_s; });
    number("server_voluntary_switches",
           [](const ServerUse& s) { return Value(s.voluntary_switches); });
    number("server_involuntary_switches",
           [](const ServerUse& s) { return Value(s.involuntary_switches); });
    number("server_minor_faults", [](const ServerUse& s) { return Value(s.minor_faults); });
    number("server_major_faults", [](const ServerUse& s) { return Value(s.major_faults); });
    for (const char* key : {"lock_wait_p99_us", "loop_lag_p99_us", "accept_wait_us"}) {
        row.number(fmt::format("server_{}", key), find_metric(key)->of(trial));
    }
    number("server_processes",
           [](const ServerUse& s) { return Value(static_cast<double>(s.processes)); });
    number("server_threads",
           [](const ServerUse& s) { return Value(static_cast<double>(s.threads)); });
    row.number("server_switches_per_request", find_metric("switches_per_request")->of(trial));
    for (const char* part : {"pss", "uss", "rss_sum", "page_tables", "kernel_stacks",
                             "task_objects", "socket_objects", "socket_buffers"}) {
        row.number(fmt::format("server_{}_bytes", part), server_memory(trial, part));
    }
    for (const char* key : {"memory", "memory_before", "memory_peak", "memory_after", "rss_peak"}) {
        row.number(fmt::format("server_{}_bytes", key), find_metric(key)->of(trial));
    }
}

Row make_row(const Trial& trial, std::vector<std::string>* header) {
    Row row(header);
    const RunResult& r = trial.result;
    row.text("workload", trial.point.level.workload);
    row.text("model", trial.point.variant);
    row.count("connections", trial.point.level.connections);
    row.number("rate_rps", trial.point.level.rate > 0
                               ? std::optional<double>(trial.point.level.rate)
                               : std::nullopt);
    row.count("repetition", trial.point.repetition);
    row.count("attempt", trial.attempt);
    row.flag("valid", r.verdict.valid);
    row.flag("superseded", trial.superseded);
    row.flag("overloaded", r.verdict.overloaded);
    row.text("invalid_checks", checks(r.verdict.reasons));
    row.text("flagged_checks", checks(r.verdict.flags));
    row.number("duration_s", r.duration_s);
    row.count("requests", r.requests);
    row.number("throughput_rps", r.throughput_rps);
    add_latency(row, "latency", r.latency_us);
    add_latency(row, "service_time", r.service_time_us);
    row.number("lateness_p99_us", r.lateness_us.p99);
    for (const char* key : {"small_p50_us", "small_p99_us", "heavy_p50_us"}) {
        row.number(key, find_metric(key)->of(trial));
    }
    row.count("scheduled", r.accounting.scheduled);
    row.count("sent", r.accounting.sent);
    row.count("completed", r.accounting.completed);
    row.count("failed", r.accounting.failed);
    row.count("timed_out", r.accounting.timed_out);
    row.count("in_flight", r.accounting.in_flight);
    row.count("unsent", r.accounting.unsent);
    row.number("mean_in_flight", r.mean_in_flight);
    row.count("connections_opened", r.connections.opened);
    row.count("connections_served", r.connections.served);
    row.number("fairness", r.connections.fairness);
    add_server(row, trial);
    row.number("generator_cpu_s", r.generator.cpu_s);
    row.number("generator_busiest_thread", r.generator.busiest_thread);
    row.number("generator_syscalls_per_request", r.generator.syscalls_per_request);
    const bool other = trial.cross_check && trial.cross_check->error.empty();
    row.number("cross_check_throughput_rps",
               other ? std::optional<double>(trial.cross_check->throughput_rps) : std::nullopt);
    return row;
}

}  // namespace

std::string to_csv(const Experiment& experiment) {
    std::vector<std::string> header;
    const Trial none;
    make_row(none, &header);
    std::string out = fmt::format("{}\n", fmt::join(header, ","));
    for (const Trial& trial : experiment.trials) out += make_row(trial, nullptr).line();
    return out;
}

}  // namespace echotrio::loadgen
