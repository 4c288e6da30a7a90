#include "loadgen/report/console_run.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr const char* kBold = "1";
constexpr const char* kRed = "1;31";
constexpr const char* kGreen = "1;32";
constexpr const char* kYellow = "1;33";

std::string painted(const std::string& text, const char* code, bool colour) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string duration(std::optional<double> us) {
    return us ? human_duration(from_seconds(*us * 1e-6)) : "-";
}

std::string row(const char* name, const std::string& text) {
    return fmt::format("  {:<13} {}\n", name, text);
}

std::string latency_row(const char* name, const LatencySummary& s) {
    return row(name,
               fmt::format("{:<9} {:<9} {:<9} {:<9} {:<9} {:<9}", duration(s.mean), duration(s.p50),
                           duration(s.p90), duration(s.p99), duration(s.p99_9), duration(s.max)));
}

std::string errors_of(const ErrorCounts& e) {
    const std::vector<std::pair<const char*, std::uint64_t>> kinds{
        {"connect", e.connect},  {"reset", e.reset},          {"closed", e.closed},
        {"timeout", e.timeout},  {"wrong bytes", e.mismatch}, {"status", e.status},
        {"protocol", e.protocol}};
    std::string text;
    for (const auto& [name, count] : kinds) {
        if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
    }
    return text.empty() ? "none" : text;
}

std::string accounting_of(const Accounting& a) {
    return fmt::format(
        "scheduled {} = sent {} + unsent {}; sent = completed {} + failed {} + timed out {} + in "
        "flight {}",
        a.scheduled, a.sent, a.unsent, a.completed, a.failed, a.timed_out, a.in_flight);
}

std::string generator_of(const GeneratorUse& g) {
    std::string text = fmt::format("CPU {:.3g} s, busiest of {} thread{} {:.0f} %", g.cpu_s,
                                   g.threads, g.threads == 1 ? "" : "s", g.busiest_thread * 100);
    if (g.syscalls_per_request) {
        text += fmt::format(", {:.2f} system calls a request", *g.syscalls_per_request);
    }
    return text;
}

std::string server_of(const ServerUse& s) {
    std::string text = fmt::format("CPU {:.3g} s", s.cpu_s);
    if (s.cpu_us_per_request) text += fmt::format(" ({:.2f} us a request)", *s.cpu_us_per_request);
    text += fmt::format(", {} process{}, {} thread{}", s.processes, s.processes == 1 ? "" : "es",
                        s.threads, s.threads == 1 ? "" : "s");
    if (const auto pss = s.memory.find("pss"); pss != s.memory.end() && pss->second) {
        text += fmt::format(", PSS {}", human_bytes(*pss->second));
    }
    return text;
}

std::string findings(const std::vector<Finding>& list, const char* kind) {
    std::string text;
    for (const Finding& f : list) {
        text += fmt::format("  {} {}: {}\n  {:>{}}  {}\n", kind, f.check, f.what, "",
                            std::string_view(kind).size() - 1, f.advice);
    }
    return text;
}

std::string connections_of(const RunResult& r) {
    const ConnectionCounts& c = r.connections;
    std::string text =
        fmt::format("{} served, {} opened, fairness {:.3f}", c.served, c.opened, c.fairness);
    if (c.idle > 0) text += fmt::format(", {} idle ({} lost)", c.idle, c.idle_lost);
    return text;
}

}  // namespace

std::string grouped(double number) {
    std::string digits = fmt::format("{:.0f}", std::abs(number));
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return number < 0 ? fmt::format("-{}", digits) : digits;
}

std::string live_line(const Interval& i, double length_s) {
    std::string text =
        fmt::format("{:4.0f} s {:>10}/s  in flight {:<6} p50 {:<8} p99 {:<8} errors {}", i.at_s,
                    grouped(static_cast<double>(i.completed) / length_s), i.in_flight,
                    duration(i.p50_us), duration(i.p99_us), i.errors);
    if (i.server_cpu_s) {
        text += fmt::format("  server {:.0f} % CPU", *i.server_cpu_s / length_s * 100);
    }
    if (i.server_memory_bytes) text += fmt::format(" {}", human_bytes(*i.server_memory_bytes));
    return text;
}

std::string verdict_text(const Verdict& v, bool colour) {
    std::string text;
    if (!v.valid) {
        text = painted("INVALID", kRed, colour) + ": do not use these numbers\n";
    } else if (v.overloaded) {
        text = painted("OVERLOADED", kYellow, colour) + ": the server fell behind the schedule\n";
    } else {
        text = painted("VALID", kGreen, colour);
        text += v.flags.empty() ? "\n" : ", to be known:\n";
    }
    return text + findings(v.reasons, "INVALID") + findings(v.flags, "FLAG");
}

std::string run_summary(const RunResult& r, const RunHeading& heading, bool colour) {
    std::string text = fmt::format("{}  {}\n\n", painted(heading.url, kBold, colour), heading.load);
    text += row(
        "throughput",
        fmt::format("{}/s, {} requests in {:.3g} s, {:.4g} in flight", grouped(r.throughput_rps),
                    grouped(static_cast<double>(r.requests)), r.duration_s, r.mean_in_flight));
    if (r.verdict.overloaded) {
        text += row("backlog", fmt::format("{} in flight at the end, {} of them not even sent: "
                                           "latency only measures how long the run was",
                                           r.in_flight_at_end, r.backlog_at_end));
    }
    if (!r.verdict.overloaded) {
        text += row("", fmt::format("{:<9} {:<9} {:<9} {:<9} {:<9} {:<9}", "mean", "p50", "p90",
                                    "p99", "p99.9", "max"));
        text += latency_row("latency", r.latency_us);
        if (r.lateness_us.max.value_or(0) > 0) {
            text += latency_row("service time", r.service_time_us);
            text += latency_row("lateness", r.lateness_us);
        }
        for (const ClassResult& one : r.classes) {
            text += latency_row(("- " + one.name).c_str(), one.latency_us);
        }
    }
    text += row("errors", errors_of(r.errors));
    text += row("connections", connections_of(r));
    text += row("generator", generator_of(r.generator));
    if (r.server) text += row("server", server_of(*r.server));
    text += row("accounting", accounting_of(r.accounting));
    return text + "\n" + verdict_text(r.verdict, colour);
}

}  // namespace echotrio::loadgen
