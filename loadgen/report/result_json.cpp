#include "loadgen/report/result_json.hpp"

#include "loadgen/record/hdr_codec.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

// One list of a struct's fields serves both directions: `visit` is called with each key and field.
void fields(auto& visit, auto& s, LatencySummary*) {
    visit("count", s.count);
    visit("mean", s.mean);
    visit("stddev", s.stddev);
    visit("min", s.min);
    visit("p50", s.p50);
    visit("p90", s.p90);
    visit("p99", s.p99);
    visit("p99_9", s.p99_9);
    visit("p99_99", s.p99_99);
    visit("max", s.max);
}

void fields(auto& visit, auto& s, Accounting*) {
    visit("scheduled", s.scheduled);
    visit("sent", s.sent);
    visit("completed", s.completed);
    visit("failed", s.failed);
    visit("timed_out", s.timed_out);
    visit("in_flight", s.in_flight);
    visit("unsent", s.unsent);
}

void fields(auto& visit, auto& s, ErrorCounts*) {
    visit("connect", s.connect);
    visit("reset", s.reset);
    visit("closed", s.closed);
    visit("timeout", s.timeout);
    visit("mismatch", s.mismatch);
    visit("status", s.status);
    visit("protocol", s.protocol);
}

void fields(auto& visit, auto& s, ConnectionCounts*) {
    visit("opened", s.opened);
    visit("served", s.served);
    visit("fairness", s.fairness);
    visit("idle", s.idle);
    visit("idle_lost", s.idle_lost);
    visit("out_of_ports", s.out_of_ports);
    visit("out_of_descriptors", s.out_of_descriptors);
}

void fields(auto& visit, auto& s, GeneratorUse*) {
    visit("cpu_s", s.cpu_s);
    visit("busiest_thread", s.busiest_thread);
    visit("threads", s.threads);
    visit("syscalls_per_request", s.syscalls_per_request);
    visit("run_queue_wait", s.run_queue_wait);
    visit("send_delay_p99_us", s.send_delay_p99_us);
}

void fields(auto& visit, auto& s, CgroupUse*) {
    visit("version", s.version);
    visit("cpu_s", s.cpu_s);
    visit("cpu_limit", s.cpu_limit);
    visit("periods", s.periods);
    visit("throttled_periods", s.throttled_periods);
    visit("throttled_s", s.throttled_s);
    visit("memory", s.memory);
}

void fields(auto& visit, auto& s, ServerUse*) {
    visit("cpu_s", s.cpu_s);
    visit("user_s", s.user_s);
    visit("system_s", s.system_s);
    visit("cpu_us_per_request", s.cpu_us_per_request);
    visit("processes", s.processes);
    visit("threads", s.threads);
    visit("voluntary_switches", s.voluntary_switches);
    visit("involuntary_switches", s.involuntary_switches);
    visit("run_queue_wait_s", s.run_queue_wait_s);
    visit("minor_faults", s.minor_faults);
    visit("major_faults", s.major_faults);
    visit("memory", s.memory);
    visit("memory_before", s.memory_before);
    visit("memory_peak", s.memory_peak);
    visit("memory_after", s.memory_after);
    visit("cgroup", s.cgroup);
    visit("died", s.died);
}

void fields(auto& visit, auto& s, MachineUse*) {
    visit("steal_share", s.steal_share);
    visit("other_cpu_share", s.other_cpu_share);
    visit("busy_s", s.busy_s);
    visit("listen_overflows", s.listen_overflows);
    visit("listen_drops", s.listen_drops);
    visit("retransmissions", s.retransmissions);
    visit("hiccup_p99_us", s.hiccup_p99_us);
    visit("hiccup_max_us", s.hiccup_max_us);
    visit("swapped_pages", s.swapped_pages);
    visit("clock_step_s", s.clock_step_s);
    visit("frequency_change", s.frequency_change);
}

void fields(auto& visit, auto& s, Interval*) {
    visit("at_s", s.at_s);
    visit("due", s.due);
    visit("completed", s.completed);
    visit("in_flight", s.in_flight);
    visit("errors", s.errors);
    visit("p50_us", s.p50_us);
    visit("p99_us", s.p99_us);
    visit("server_cpu_s", s.server_cpu_s);
    visit("server_memory_bytes", s.server_memory_bytes);
}

void fields(auto& visit, auto& s, ClassResult*) {
    visit("name", s.name);
    visit("requests", s.requests);
    visit("latency_us", s.latency_us);
    visit("histogram", s.latency);
}

void fields(auto& visit, auto& s, Finding*) {
    visit("check", s.check);
    visit("what", s.what);
    visit("advice", s.advice);
}

void fields(auto& visit, auto& s, Verdict*) {
    visit("valid", s.valid);
    visit("overloaded", s.overloaded);
    visit("rankable", s.rankable);
    visit("reasons", s.reasons);
    visit("flags", s.flags);
}

void fields(auto& visit, auto& s, RunResult*) {
    visit("requests", s.requests);
    visit("throughput_rps", s.throughput_rps);
    visit("duration_s", s.duration_s);
    visit("latency_us", s.latency_us);
    visit("service_time_us", s.service_time_us);
    visit("lateness_us", s.lateness_us);
    visit("accounting", s.accounting);
    visit("total_accounting", s.total);
    visit("errors", s.errors);
    visit("connections", s.connections);
    visit("generator", s.generator);
    visit("server", s.server);
    visit("verdict", s.verdict);
    visit("started_unix_s", s.started_unix_s);
    visit("interrupted", s.interrupted);
    visit("mean_in_flight", s.mean_in_flight);
    visit("in_flight_at_end", s.in_flight_at_end);
    visit("backlog_at_end", s.backlog_at_end);
    visit("machine", s.machine);
    visit("classes", s.classes);
    visit("intervals", s.intervals);
    visit("sampled_gaps_s", s.sampled_gaps_s);
    visit("clamped", s.clamped);
}

template <class T>
Json write_value(const T& value);

struct Writer {
    Json& out;
    template <class T>
    void operator()(const char* key, const T& value) {
        out[key] = write_value(value);
    }
};

Json write_one(const Histogram& value) {
    return encode_hdr(value);
}
template <class T>
Json write_one(const std::optional<T>& value) {
    return value ? write_value(*value) : Json(nullptr);
}
template <class T>
Json write_one(const std::vector<T>& values) {
    Json out = Json::array();
    for (const T& value : values) out.push_back(write_value(value));
    return out;
}
template <class T>
Json write_one(const std::map<std::string, T>& values) {
    Json out = Json::object();
    for (const auto& [key, value] : values) out[key] = write_value(value);
    return out;
}
template <class T>
Json write_one(const T& value) {
    constexpr bool kPlain = std::is_constructible_v<Json, T> && !std::is_class_v<T>;
    if constexpr (kPlain || std::is_same_v<T, std::string>) {
        return value;
    } else {
        Json out = Json::object();
        Writer writer{out};
        fields(writer, value, static_cast<T*>(nullptr));
        return out;
    }
}
template <class T>
Json write_value(const T& value) {
    return write_one(value);
}

// What was wrong, with the path to it; an exception inside this file only.
struct Wrong {
    std::string message;
};

template <class T>
void read_value(const Json& in, T& value);

struct Reader {
    const Json& in;
    template <class T>
    void operator()(const char* key, T& value) {
        const auto found = in.find(key);
        if (found == in.end()) {
            // Nobody looked: results from before it was looked at lack it.
            if constexpr (std::is_same_v<T, MemoryUse>) return;
            throw Wrong{fmt::format("'{}' is missing", key)};
        }
        try {
            read_value(*found, value);
        } catch (const Wrong& inner) {
            throw Wrong{fmt::format("{}: {}", key, inner.message)};
        }
    }
};

void read_one(const Json& in, Histogram& value) {
    if (!in.is_string()) throw Wrong{"is not a histogram"};
    auto decoded = decode_hdr(in.get_ref<const std::string&>());
    if (!decoded) throw Wrong{decoded.error().message};
    value = std::move(*decoded);
}
template <class T>
void read_one(const Json& in, std::optional<T>& value) {
    if (!in.is_null()) read_value(in, value.emplace());
}
template <class T>
void read_one(const Json& in, std::vector<T>& values) {
    if (!in.is_array()) throw Wrong{"is not a list"};
    for (const Json& item : in) read_value(item, values.emplace_back());
}
template <class T>
void read_one(const Json& in, std::map<std::string, T>& values) {
    if (!in.is_object()) throw Wrong{"is not an object"};
    for (const auto& [key, item] : in.items()) read_value(item, values[key]);
}
template <class T>
void read_one(const Json& in, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
        if (!in.is_string()) throw Wrong{"is not a text"};
        value = in.get<T>();
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!in.is_boolean()) throw Wrong{"is neither true nor false"};
        value = in.get<T>();
    } else if constexpr (std::is_unsigned_v<T>) {
        if (!in.is_number_unsigned()) throw Wrong{"is not a count"};
        value = in.get<T>();
    } else if constexpr (std::is_arithmetic_v<T>) {
        if (!in.is_number()) throw Wrong{"is not a number"};
        value = in.get<T>();
    } else {
        if (!in.is_object()) throw Wrong{"is not an object"};
        Reader reader{in};
        fields(reader, value, static_cast<T*>(nullptr));
    }
}
template <class T>
void read_value(const Json& in, T& value) {
    read_one(in, value);
}

void histograms(auto& visit, auto& s) {
    visit("latency", s.latency);
    visit("service_time", s.service_time);
    visit("lateness", s.lateness);
}

constexpr int kDeepest = 100;

}  // namespace

Result<Json> json_from_text(std::string_view text) {
    try {
        return Json::parse(text, [](int depth, Json::parse_event_t, const Json&) {
            if (depth > kDeepest) throw Wrong{"nested too deeply"};
            return true;
        });
    } catch (const Json::parse_error& wrong) {
        return Error{
            fmt::format("not JSON, or cut short (at byte {} of {})", wrong.byte, text.size())};
    } catch (const Json::exception&) {
        return Error{"not JSON of ours: a number in it is too large"};
    } catch (const Wrong& wrong) {
        return Error{wrong.message};
    }
}

Status check_schema(const Json& json) {
    if (!json.is_object()) return Error{"not results of loadgen"};
    const auto version = json.find("schema_version");
    if (version == json.end() || !version->is_number_integer()) {
        return Error{"not results of loadgen: it has no schema_version"};
    }
    if (*version > kSchemaVersion) {
        return Error{
            fmt::format("written by a newer loadgen (schema {}, this one reads up to {}): use that",
                        version->dump(), kSchemaVersion)};
    }
    return Done{};
}

Json summary_to_json(const LatencySummary& summary) {
    return write_value(summary);
}

Json server_use_to_json(const ServerUse& use) {
    return write_value(use);
}

Result<ServerUse> server_use_from_json(const Json& json) {
    ServerUse use;
    try {
        read_value(json, use);
    } catch (const Wrong& wrong) {
        return Error{wrong.message};
    }
    return use;
}

Json result_to_json(const RunResult& result) {
    Json out{{"schema_version", kSchemaVersion}};
    Writer writer{out};
    fields(writer, result, static_cast<RunResult*>(nullptr));
    Json& encoded = out["histograms"] = Json::object();
    Writer inner{encoded};
    histograms(inner, result);
    return out;
}

Result<RunResult> result_from_json(const Json& json) {
    RunResult result;
    try {
        if (!json.is_object()) throw Wrong{"is not an object"};
        const auto version = json.find("schema_version");
        if (version == json.end() || *version != kSchemaVersion) {
            throw Wrong{fmt::format("'schema_version' is not {}", kSchemaVersion)};
        }
        Reader reader{json};
        fields(reader, result, static_cast<RunResult*>(nullptr));
        const auto encoded = json.find("histograms");
        if (encoded == json.end()) throw Wrong{"'histograms' is missing"};
        Reader inner{*encoded};
        histograms(inner, result);
    } catch (const Wrong& wrong) {
        return Error{"not a result of loadgen run: " + wrong.message};
    }
    return result;
}

}  // namespace echotrio::loadgen
