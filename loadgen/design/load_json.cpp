#include "loadgen/design/load_json.hpp"

#include "common/base/units.hpp"
#include "loadgen/design/workload.hpp"
#include "loadgen/schedule/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kArrivals[] = {"constant", "poisson"};

// A single rate for all of the run is a number, as it always was; a profile is its text.
Json rate_to_json(const std::vector<RateStep>& rate) {
    if (rate.empty()) return 0;
    const RateStep& first = rate.front();
    if (rate.size() == 1 && first.duration == Nanos(0) && !first.ramp_to) return first.rate;
    return format_rate(rate);
}

std::vector<RateStep> rate_from_json(const Json& json) {
    if (json.is_string()) {
        auto rate = parse_rate(json.get<std::string>());
        if (!rate) throw std::runtime_error("rate: " + rate.error().message);
        return *rate;
    }
    const auto rate = json.get<double>();
    if (!(rate > 0)) return {};
    return {{.rate = rate}};
}

Nanos duration_at(const Json& json, const char* key) {
    const auto parsed = parse_duration(json.at(key).get<std::string>());
    if (!parsed) throw std::runtime_error(fmt::format("{}: {}", key, parsed.error().message));
    return *parsed;
}

Arrival arrival_named(const std::string& name) {
    for (const Arrival arrival : {Arrival::constant, Arrival::poisson}) {
        if (name == kArrivals[static_cast<std::size_t>(arrival)]) return arrival;
    }
    throw std::runtime_error(fmt::format("arrival: there is no '{}'", name));
}

IdleStrategy idle_strategy_at(const Json& json) {
    const auto name = json.get<std::string>();
    const auto& known = idle_strategy_names();
    if (std::find(known.begin(), known.end(), name) != known.end()) {
        return idle_strategy_named(name);
    }
    throw std::runtime_error(fmt::format("idle_strategy: there is no '{}'", name));
}

// The options that older files don't have: visited once for both ways.
void newer_fields(auto& load, const auto& visit) {
    visit("size", load.size);
    visit("pipeline", load.pipeline);
    visit("requests", load.requests);
    visit("idle", load.idle);
    visit("method", load.method);
    visit("body", load.body);
    visit("headers", load.headers);
    visit("check_replies", load.check_replies);
    visit("expect_status", load.expect_status);
}

}  // namespace

void load_to_json(const RunOptions& load, Json& json) {
    Json classes = Json::array();
    for (const RequestClass& c : load.classes) {
        classes.push_back({{"name", c.name}, {"weight", c.weight}, {"path", c.path}});
    }
    json["scheme"] = load.target.scheme == Scheme::tcp ? "tcp" : "http";
    json["path"] = load.target.path;
    json["rate"] = rate_to_json(load.rate);
    json["classes"] = std::move(classes);
    json["requests_per_connection"] = load.requests_per_connection;
    json["think"] = format_duration(load.think);
    json["duration"] = format_duration(load.duration);
    json["warmup"] = format_duration(load.warmup);
    json["timeout"] = format_duration(load.timeout);
    const RunOptions usual = usual_load();
    Json usual_json;
    newer_fields(usual, [&](const char* key, const auto& value) { usual_json[key] = value; });
    newer_fields(load, [&](const char* key, const auto& value) {
        if (Json(value) != usual_json[key]) json[key] = value;
    });
    if (load.idle_strategy != usual.idle_strategy) {
        json["idle_strategy"] = name_of(load.idle_strategy);
    }
    if (load.arrival != usual.arrival) {
        json["arrival"] = kArrivals[static_cast<std::size_t>(load.arrival)];
    }
}

RunOptions load_from_json(const Json& json) {
    RunOptions load = usual_load();
    load.target.scheme = json.at("scheme") == "tcp" ? Scheme::tcp : Scheme::http;
    json.at("path").get_to(load.target.path);
    load.rate = rate_from_json(json.at("rate"));
    for (const Json& c : json.at("classes")) {
        load.classes.push_back({c.at("name"), c.at("weight"), c.at("path")});
    }
    json.at("requests_per_connection").get_to(load.requests_per_connection);
    load.think = duration_at(json, "think");
    load.duration = duration_at(json, "duration");
    load.warmup = duration_at(json, "warmup");
    load.timeout = duration_at(json, "timeout");
    newer_fields(load, [&](const char* key, auto& value) {
        if (const auto found = json.find(key); found != json.end()) found->get_to(value);
    });
    if (const auto found = json.find("idle_strategy"); found != json.end()) {
        load.idle_strategy = idle_strategy_at(*found);
    }
    if (json.contains("arrival")) load.arrival = arrival_named(json.at("arrival"));
    return load;
}

}  // namespace echotrio::loadgen
