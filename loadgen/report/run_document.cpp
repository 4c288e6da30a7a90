#include "loadgen/report/run_document.hpp"

#include "common/base/to_count.hpp"
#include "common/base/units.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace echotrio::loadgen {
namespace {

// The counts that are not 0, by their names.
struct Counts {
    std::string text{};
    void operator()(const char* name, Kind kind, const std::optional<std::uint64_t>& count) {
        (*this)(name, kind, count.value_or(0));
    }
    void operator()(const char* name, Kind, std::uint64_t count) {
        if (count == 0) return;
        const std::string_view key = name;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                            key == "mismatch" ? "wrong bytes"
                            : key == "stray"  ? "bytes nobody asked for"
                                              : name,
                            format_exact_count(count));
    }
};

std::string errors_of(const ErrorCounts& errors) {
    Counts counts;
    fields(counts, Tag<ErrorCounts>{}, errors);
    return counts.text.empty() ? "none" : counts.text;
}

// "200 19,950, 404 50"
std::string codes_of(const std::map<std::string, std::uint64_t>& codes) {
    std::string text;
    for (const auto& [code, count] : codes) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", code, format_exact_count(count));
    }
    return text.empty() ? "none" : text;
}

std::string connections_of(const ConnectionCounts& c) {
    std::string text =
        fmt::format("{} served, {} opened, fairness {:.3f}", format_exact_count(c.served),
                    format_exact_count(c.opened), c.fairness);
    if (c.idle > 0) {
        text += fmt::format(", {} idle ({} lost)", format_exact_count(c.idle), c.idle_lost);
    }
    return text;
}

std::string generator_of(const GeneratorUse& g) {
    std::string text = fmt::format("CPU {}, busiest of {} {:.0f} %", human_seconds(g.cpu_s),
                                   format_plural(g.threads, "thread"), g.busiest_thread * 100);
    if (g.syscalls_per_request) {
        text += fmt::format(", {:.2f} system calls a request", *g.syscalls_per_request);
    }
    if (g.idle_strategy == "spin" && g.spin_s) {
        text +=
            fmt::format("; beside it, polls that found nothing took {}", human_seconds(*g.spin_s));
    }
    return text;
}

std::string server_of(const ServerUse& s) {
    std::string text = "CPU " + (s.cpu_s ? human_seconds(*s.cpu_s) : "not known");
    if (s.cpu_us_per_request) {
        text +=
            fmt::format(" ({} a request)", format_value(*s.cpu_us_per_request, Unit::microseconds));
    }
    text += fmt::format(", {}, {}", format_plural(s.processes, "process", "es"),
                        format_plural(s.threads, "thread"));
    if (const auto pss = s.memory.find("pss"); pss != s.memory.end() && pss->second) {
        text += fmt::format(", PSS {}", format_value(*pss->second, Unit::bytes));
    }
    if (s.time_to_ready_s) {
        text += fmt::format(", ready after {}",
                            format_value(*s.time_to_ready_s * 1e6, Unit::microseconds));
    }
    return text;
}

std::string accounting_of(const Accounting& a) {
    return fmt::format(
        "scheduled {} = sent {} + unsent {}; sent = completed {} + failed {} + timed out {} + in "
        "flight {}",
        format_exact_count(a.scheduled), format_exact_count(a.sent), format_exact_count(a.unsent),
        format_exact_count(a.completed), format_exact_count(a.failed),
        format_exact_count(a.timed_out), format_exact_count(a.in_flight));
}

// "41,234", or "0.5" where a rounded number would say little.
std::string format_rate(double rps) {
    return rps < 100 ? format_short(rps) : format_exact_count(to_count(std::round(rps)));
}

// "10.0.1.4: 33,412 requests, clock 0.210 ms ahead (within 0.050 ms)"
std::string part_of_load(const GeneratorPart& one) {
    std::string text = one.address + ": ";
    text += one.requests ? format_plural(*one.requests, "request") : "no result";
    if (one.rank == 1) return text + ", leads";
    if (one.clock_ahead_s && one.clock_error_s) {
        text += fmt::format(
            ", clock {} {} (within {})", human_seconds(std::abs(*one.clock_ahead_s)),
            *one.clock_ahead_s < 0 ? "behind" : "ahead", human_seconds(*one.clock_error_s));
    }
    if (one.lost) text += ", lost: " + *one.lost;
    return text;
}

Table facts_of(const RunResult& r) {
    Table facts;
    facts.columns = {{""}, {""}};
    facts.rows.push_back({{"errors"}, {errors_of(r.errors)}});
    if (r.status_codes) facts.rows.push_back({{"status"}, {codes_of(*r.status_codes)}});
    facts.rows.push_back({{"connections"}, {connections_of(r.connections)}});
    facts.rows.push_back({{"generator"}, {generator_of(r.generator)}});
    if (r.server) facts.rows.push_back({{"server"}, {server_of(*r.server)}});
    facts.rows.push_back({{"CPUs"}, {cpus_words(r.cpus)}});
    facts.rows.push_back({{"accounting"}, {accounting_of(r.accounting)}});
    for (const GeneratorPart& one : r.generators.value_or(std::vector<GeneratorPart>{})) {
        facts.rows.push_back({{fmt::format("generator {}", one.rank)}, {part_of_load(one)}});
    }
    return facts;
}

Table latencies_of(const RunResult& r) {
    Table table;
    table.columns = {{""},          {"mean", true, 2}, {"p50", true}, {"p90", true, 1},
                     {"p99", true}, {"p99.9", true},   {"max", true}};
    const auto add = [&](const std::string& name, const LatencySummary& s) {
        std::vector<TableCell> row{{name}};
        for (const auto& us : {s.mean, s.p50, s.p90, s.p99, s.p99_9, s.max}) {
            row.push_back({us ? format_value(*us, Unit::microseconds) : "-"});
        }
        table.rows.push_back(std::move(row));
    };
    add("latency", r.latency_us);
    if (r.lateness_us.max.value_or(0) > 0) {
        add("service time", r.service_time_us);
        add("lateness", r.lateness_us);
    }
    for (const ClassResult& one : r.classes) add("- " + one.name, one.latency_us);
    return table;
}

Section verdict_section(const Verdict& verdict) {
    Section section{"verdict", "Verdict", {}};
    Paragraph word{"VALID", Mark::best};
    if (verdict.overloaded) {
        word = {"OVERLOADED: the server fell behind the schedule", Mark::flagged};
    }
    if (!verdict.valid) word = {"INVALID: do not use these numbers", Mark::invalid};
    section.blocks.emplace_back(std::move(word));
    for (const Finding& reason : verdict.reasons) {
        section.blocks.emplace_back(
            Paragraph{fmt::format("INVALID {}: {}; {}", reason.check, reason.what, reason.advice),
                      Mark::invalid});
    }
    for (const Finding& flag : verdict.flags) {
        section.blocks.emplace_back(Paragraph{
            fmt::format("!{}: {}; {}", flag.check, flag.what, flag.advice), Mark::flagged});
    }
    return section;
}

}  // namespace

Document run_document(const RunResult& r, const RunHeading& heading) {
    Section run{"run",
                fmt::format("{} replies/s; {} in {}, {} in flight", format_rate(r.throughput_rps),
                            format_plural(r.requests, "request"), human_seconds(r.duration_s),
                            format_short(r.mean_in_flight)),
                {}};
    if (r.verdict.overloaded) {
        run.blocks.emplace_back(Paragraph{
            fmt::format("{} in flight at the end, {} of them not even sent: latency only measures "
                        "how long the run was",
                        format_exact_count(r.in_flight_at_end),
                        format_exact_count(r.backlog_at_end)),
            Mark::flagged});
    } else {
        run.blocks.emplace_back(latencies_of(r));
    }
    run.blocks.emplace_back(facts_of(r));
    Document document;
    document.title = heading.url;
    document.subtitle = {heading.load};
    document.sections.push_back(std::move(run));
    document.sections.push_back(verdict_section(r.verdict));
    return document;
}

}  // namespace echotrio::loadgen
