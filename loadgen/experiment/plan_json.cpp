// The plan as JSON and back: what --resume continues and what a reader of results.json repeats.
#include "common/base/units.hpp"
#include "loadgen/experiment/plan.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json workload_to_json(const Workload& workload) {
    Json classes = Json::array();
    for (const RequestClass& c : workload.classes) {
        classes.push_back({{"name", c.name}, {"weight", c.weight}, {"path", c.path}});
    }
    return {{"name", workload.name},
            {"title", workload.title},
            {"shows", workload.shows},
            {"scheme", workload.scheme == Scheme::tcp ? "tcp" : "http"},
            {"path", workload.path},
            {"rate", workload.rate},
            {"classes", std::move(classes)},
            {"requests_per_connection", workload.requests_per_connection},
            {"think", format_duration(workload.think)},
            {"silent", workload.silent},
            {"many_cpus", workload.many_cpus},
            {"duration", format_duration(workload.duration)},
            {"warmup", format_duration(workload.warmup)},
            {"timeout", format_duration(workload.timeout)},
            {"headline", workload.headline}};
}

Nanos duration_at(const Json& json, const char* key) {
    const auto parsed = parse_duration(json.at(key).get<std::string>());
    if (!parsed) throw std::runtime_error(fmt::format("{}: {}", key, parsed.error().message));
    return *parsed;
}

Workload workload_from_json(const Json& json) {
    Workload workload;
    json.at("name").get_to(workload.name);
    json.at("title").get_to(workload.title);
    json.at("shows").get_to(workload.shows);
    workload.scheme = json.at("scheme") == "tcp" ? Scheme::tcp : Scheme::http;
    json.at("path").get_to(workload.path);
    json.at("rate").get_to(workload.rate);
    for (const Json& c : json.at("classes")) {
        workload.classes.push_back({c.at("name"), c.at("weight"), c.at("path")});
    }
    json.at("requests_per_connection").get_to(workload.requests_per_connection);
    workload.think = duration_at(json, "think");
    json.at("silent").get_to(workload.silent);
    json.at("many_cpus").get_to(workload.many_cpus);
    workload.duration = duration_at(json, "duration");
    workload.warmup = duration_at(json, "warmup");
    workload.timeout = duration_at(json, "timeout");
    json.at("headline").get_to(workload.headline);
    return workload;
}

Json addresses_to_json(const std::map<std::string, net::HostPort>& addresses) {
    Json json = Json::object();
    for (const auto& [label, where] : addresses) json[label] = net::format_host_port(where);
    return json;
}

std::map<std::string, net::HostPort> addresses_from_json(const Json& json) {
    std::map<std::string, net::HostPort> addresses;
    for (const auto& [label, text] : json.items()) {
        const auto where = net::parse_host_port(text.get<std::string>());
        if (!where) throw std::runtime_error(where.error().message);
        addresses[label] = *where;
    }
    return addresses;
}

void check_names(const Plan& plan) {
    for (const Level& level : plan.levels) {
        if (find_workload(plan.workloads, level.workload) == nullptr) {
            throw std::runtime_error(fmt::format("workload '{}' is not described", level.workload));
        }
    }
}

}  // namespace

Json plan_to_json(const Plan& plan) {
    Json variants = Json::array();
    for (const Variant& v : plan.variants) {
        variants.push_back({{"label", v.label}, {"model", v.model}, {"arguments", v.arguments}});
    }
    Json workloads = Json::array();
    for (const Workload& workload : plan.workloads) {
        workloads.push_back(workload_to_json(workload));
    }
    Json levels = Json::array();
    for (const Level& level : plan.levels) {
        levels.push_back({{"workload", level.workload},
                          {"connections", level.connections},
                          {"rate", level.rate}});
    }
    return {{"models", std::move(variants)},
            {"workloads", std::move(workloads)},
            {"levels", std::move(levels)},
            {"repetitions", plan.repetitions},
            {"seed", plan.seed},
            {"budget", plan.budget},
            {"cross_check", plan.cross_check},
            {"fresh_servers", plan.fresh_servers},
            {"targets", addresses_to_json(plan.targets)},
            {"observers", addresses_to_json(plan.observers)}};
}

Result<Plan> plan_from_json(const Json& json) {
    Plan plan;
    try {
        for (const Json& v : json.at("models")) {
            plan.variants.push_back({v.at("label"), v.at("model"), v.at("arguments")});
        }
        for (const Json& workload : json.at("workloads")) {
            plan.workloads.push_back(workload_from_json(workload));
        }
        for (const Json& level : json.at("levels")) {
            plan.levels.push_back(
                {level.at("workload"), level.at("connections"), level.at("rate")});
        }
        json.at("repetitions").get_to(plan.repetitions);
        json.at("seed").get_to(plan.seed);
        json.at("budget").get_to(plan.budget);
        json.at("cross_check").get_to(plan.cross_check);
        plan.fresh_servers = json.value("fresh_servers", true);  // absent before it was a choice
        plan.targets = addresses_from_json(json.value("targets", Json::object()));
        plan.observers = addresses_from_json(json.value("observers", Json::object()));
        check_names(plan);
    } catch (const std::exception& wrong) {
        return Error{fmt::format("not the settings of an experiment: {}", wrong.what())};
    }
    return plan;
}

}  // namespace echotrio::loadgen
