#include "common/protocol/stats.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <iterator>

namespace echotrio::protocol {

void Totals::add(const Counters& counters) noexcept {
    opened += counters.opened.get();
    closed += counters.closed.get();
    refused += counters.refused.get();
    requests += counters.requests.get();
    bytes_in += counters.bytes_in.get();
    bytes_out += counters.bytes_out.get();
    bad_requests += counters.bad_requests.get();
    timeouts += counters.timeouts.get();
    resets += counters.resets.get();
}

namespace {

// Read while they are counted, `closed` may be ahead of `opened` for a moment.
std::uint64_t connections_now(const Totals& totals) {
    return totals.opened > totals.closed ? totals.opened - totals.closed : 0;
}

// One metric in Prometheus' text format 0.0.4, which wants base units: microseconds become seconds.
void append_metric(std::string& text, std::string_view model, std::string name,
                   std::string_view help, FieldKind kind, double value) {
    const bool counter = kind == FieldKind::counter;
    constexpr std::string_view kTotal = "_total";
    if (counter && name.ends_with(kTotal)) name.resize(name.size() - kTotal.size());
    if (name.ends_with("_us")) {
        name.replace(name.size() - 2, 2, "seconds");
        value *= 1e-6;
    }
    if (counter) name += kTotal;
    fmt::format_to(std::back_inserter(text),
                   "# HELP echotrio_{0} {1}\n# TYPE echotrio_{0} {2}\n"
                   "echotrio_{0}{{model=\"{3}\"}} {4}\n",
                   name, help, counter ? "counter" : "gauge", model, value);
}

// A whole number as one, so that a count does not turn into 3.0.
nlohmann::ordered_json number(double value) {
    constexpr double kExact = 1LL << 53;  // up to here a double knows each of them
    if (std::abs(value) <= kExact && std::trunc(value) == value) {
        return static_cast<std::int64_t>(value);
    }
    return value;
}

}  // namespace

std::string to_json(const Stats& stats) {
    const Totals& totals = stats.totals;
    nlohmann::ordered_json json;
    json["model"] = stats.model;
    json["pid"] = stats.pids.empty() ? 0 : stats.pids.front();
    json["pids"] = stats.pids;
    json["uptime_s"] = stats.uptime_s;
    json["base_cost_us"] = number(stats.base_cost_s * 1e6);
    json["connections"] = {
        {"now", connections_now(totals)}, {"total", totals.opened}, {"refused", totals.refused}};
    json["requests"] = totals.requests;
    json["bytes"] = {{"in", totals.bytes_in}, {"out", totals.bytes_out}};
    json["errors"] = {{"bad_requests", totals.bad_requests},
                      {"timeouts", totals.timeouts},
                      {"resets", totals.resets}};
    for (const Section& section : stats.own) {
        auto& own = json[section.name] = nlohmann::ordered_json::object();
        for (const Field& field : section.fields) own[field.name] = number(field.value);
    }
    return json.dump(2) + "\n";
}

std::string to_prometheus(const Stats& stats) {
    const Totals& totals = stats.totals;
    std::string text;
    const auto add = [&](std::string name, std::string_view help, FieldKind kind, double value) {
        append_metric(text, stats.model, std::move(name), help, kind, value);
    };
    const auto count = [&](std::string name, std::string_view help, std::uint64_t value) {
        add(std::move(name), help, FieldKind::counter, static_cast<double>(value));
    };
    add("uptime_seconds", "Time since the server started", FieldKind::gauge, stats.uptime_s);
    add("base_cost_seconds", "CPU work of every request beside its own (--base-cost)",
        FieldKind::gauge, stats.base_cost_s);
    add("connections", "Connections served now", FieldKind::gauge,
        static_cast<double>(connections_now(totals)));
    count("connections_total", "Connections served so far", totals.opened);
    count("connections_refused_total", "Connections turned away", totals.refused);
    count("requests_total", "Replies made, errors included", totals.requests);
    count("received_bytes_total", "Bytes received", totals.bytes_in);
    count("sent_bytes_total", "Bytes handed over for sending", totals.bytes_out);
    count("bad_requests_total", "Requests that broke the protocol or asked for what is not there",
          totals.bad_requests);
    count("timeouts_total", "Idle, request or send times that ran out", totals.timeouts);
    count("resets_total", "Connections that broke", totals.resets);
    for (const Section& section : stats.own) {
        for (const Field& field : section.fields) {
            add(section.name + "_" + field.name, field.help, field.kind, field.value);
        }
    }
    return text;
}

}  // namespace echotrio::protocol
