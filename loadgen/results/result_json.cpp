#include "loadgen/results/result_json.hpp"

#include "loadgen/record/hdr_codec.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json write_value(const T& value);

struct Writer {
    Json& out;
    template <class T>
    void operator()(const char* key, Kind, const T& value) {
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
        fields(writer, Tag<T>{}, value);
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

template <class T>
constexpr bool kMayBeUnknown = std::is_same_v<T, MemoryUse> || std::is_same_v<T, CpusHad>;
template <class T>
constexpr bool kMayBeUnknown<std::optional<T>> = true;

struct Reader {
    const Json& in;
    template <class T>
    void operator()(const char* key, Kind, T& value) {
        const auto found = in.find(key);
        if (found == in.end()) {
            // Unknown: results from before it was looked at lack it.
            if constexpr (kMayBeUnknown<T>) return;
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
        fields(reader, Tag<T>{}, value);
    }
}
template <class T>
void read_value(const Json& in, T& value) {
    read_one(in, value);
}

void histograms(auto& visit, auto& s) {
    visit("latency", Kind::state, s.latency);
    visit("service_time", Kind::state, s.service_time);
    visit("lateness", Kind::state, s.lateness);
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

Json accounting_to_json(const Accounting& accounting) {
    return write_value(accounting);
}

Json verdict_to_json(const Verdict& verdict) {
    return write_value(verdict);
}

Json cpus_to_json(const CpusHad& cpus) {
    return write_value(cpus);
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
    fields(writer, Tag<RunResult>{}, result);
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
        fields(reader, Tag<RunResult>{}, result);
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
