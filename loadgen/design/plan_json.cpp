// The plan as JSON and back: what --resume continues and what a reader of results.json repeats.
#include "loadgen/design/load_json.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/design/subject_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLongest = 1e7;  // seconds, in a file that says anything

Json workload_to_json(const Workload& workload) {
    Json json{{"name", workload.name}, {"title", workload.title}, {"shows", workload.shows}};
    load_to_json(workload.load, json);
    if (workload.page) json["page"] = true;
    json["silent"] = workload.silent;
    json["many_cpus"] = workload.many_cpus;
    json["headline"] = workload.headline;
    // Not in every workload, nor in older files.
    if (workload.server_cpus > 0) json["server_cpus"] = workload.server_cpus;
    if (workload.most_workers != kMostWorkers) json["most_workers"] = workload.most_workers;
    if (workload.most_rounds > 0) json["most_rounds"] = workload.most_rounds;
    if (!workload.shares.empty()) json["capacity_shares"] = workload.shares;
    if (const BackgroundLoad& background = workload.background; background.connections > 0) {
        json["background"] = {{"connections", background.connections}, {"path", background.path}};
    }
    return json;
}

Workload workload_from_json(const Json& json) {
    Workload workload;
    json.at("name").get_to(workload.name);
    json.at("title").get_to(workload.title);
    json.at("shows").get_to(workload.shows);
    workload.load = load_from_json(json);
    workload.page = json.value("page", false);
    json.at("silent").get_to(workload.silent);
    json.at("many_cpus").get_to(workload.many_cpus);
    json.at("headline").get_to(workload.headline);
    workload.server_cpus = json.value("server_cpus", workload.server_cpus);
    workload.most_workers = json.value("most_workers", workload.most_workers);
    workload.most_rounds = json.value("most_rounds", workload.most_rounds);
    workload.shares = json.value("capacity_shares", workload.shares);
    if (json.contains("background")) {
        json.at("background").at("connections").get_to(workload.background.connections);
        json.at("background").at("path").get_to(workload.background.path);
    }
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
        if (v.server) variants.back()["server"] = subject_to_json(*v.server);
        if (v.only_many_cpus) variants.back()["only_many_cpus"] = true;
    }
    Json workloads = Json::array();
    for (const Workload& workload : plan.workloads) {
        workloads.push_back(workload_to_json(workload));
    }
    Json levels = Json::array();
    for (const Level& level : plan.levels) {
        levels.push_back({{"workload", level.workload},
                          {"connections", level.connections},
                          {"rate", level.rate},
                          {"cpus_asked", level.server_cpus}});
    }
    Json capacities = Json::array();
    for (const Capacity& one : plan.capacities) {
        capacities.push_back({{"model", one.variant}, {"rps", one.rps}});
    }
    return {{"models", std::move(variants)},
            {"workloads", std::move(workloads)},
            {"levels", std::move(levels)},
            {"repetitions", plan.repetitions},
            {"seed", plan.seed},
            {"retries", plan.retries},
            {"retries_after_steal", plan.retries_after_steal},
            {"precision", plan.precision},
            {"time_budget_s", seconds(plan.budget)},
            {"cross_check", plan.cross_check},
            {"cross_check_rounds", plan.cross_check_rounds},
            {"follow_memory", plan.follow_memory},
            {"fresh_servers", plan.fresh_servers},
            {"targets", addresses_to_json(plan.targets)},
            {"observers", addresses_to_json(plan.observers)},
            {"capacities", std::move(capacities)}};
}

Result<Plan> plan_from_json(const Json& json) {
    Plan plan;
    try {
        for (const Json& v : json.at("models")) {
            plan.variants.push_back({v.at("label"), v.at("model"), v.at("arguments")});
            plan.variants.back().only_many_cpus = v.value("only_many_cpus", false);
            if (v.contains("server")) {
                plan.variants.back().server = subject_from_json(v.at("server"));
                plan.variants.back().server->label = plan.variants.back().label;
            }
        }
        for (const Json& workload : json.at("workloads")) {
            plan.workloads.push_back(workload_from_json(workload));
        }
        for (const Json& level : json.at("levels")) {
            plan.levels.push_back(
                {level.at("workload"), level.at("connections"), level.at("rate"),
                 level.value("cpus_asked", std::uint64_t{0})});  // absent in older files
        }
        json.at("repetitions").get_to(plan.repetitions);
        json.at("seed").get_to(plan.seed);
        // Older files call it so; the rest of what is not in them is as it was then.
        plan.retries = json.contains("retries") ? json.at("retries") : json.at("budget");
        plan.retries_after_steal = json.value("retries_after_steal", plan.retries_after_steal);
        plan.precision = json.value("precision", plan.precision);
        plan.budget = from_seconds(std::clamp(json.value("time_budget_s", 0.0), 0.0, kLongest));
        plan.cross_check_rounds = json.value("cross_check_rounds", plan.repetitions);
        plan.follow_memory = json.value("follow_memory", true);
        for (const Json& one : json.value("capacities", Json::array())) {
            plan.capacities.push_back({one.at("model"), one.at("rps")});
        }
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
