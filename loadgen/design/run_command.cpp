#include "loadgen/design/run_command.hpp"

#include "common/base/units.hpp"
#include "loadgen/schedule/profile.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

std::string format_class(const RequestClass& c) {
    return fmt::format("{}:{}:{}", c.name, c.weight, c.path);
}

const char* name_of(Arrival arrival) {
    return arrival == Arrival::poisson ? "poisson" : "constant";
}

}  // namespace

std::string url_of(const Target& target) {
    const std::string where = net::format_host_port(target.where);
    return target.scheme == Scheme::tcp ? fmt::format("tcp://{}", where)
                                        : fmt::format("http://{}{}", where, target.path);
}

Json options_to_json(const RunOptions& o) {
    Json classes = Json::array();
    for (const RequestClass& c : o.classes) classes.push_back(format_class(c));
    return {{"url", url_of(o.target)},
            {"connections", o.connections},
            {"threads", o.threads},
            {"duration", format_duration(o.duration)},
            {"requests", o.requests},
            {"warmup", format_duration(o.warmup)},
            {"rate", o.rate.empty() ? Json(nullptr) : Json(format_rate(o.rate))},
            {"arrival", o.rate.empty() ? Json(nullptr) : Json(name_of(o.arrival))},
            {"size", o.size},
            {"think", format_duration(o.think)},
            {"requests_per_connection", o.requests_per_connection},
            {"idle", o.idle},
            {"pipeline", o.pipeline},
            {"timeout", format_duration(o.timeout)},
            {"cpus", o.cpus},
            {"idle_strategy", name_of(o.idle_strategy)},
            {"seed", o.seed},
            {"method", o.method},
            {"body_bytes", o.body.size()},
            {"headers", o.headers},
            {"expect_status", o.expect_status == 0 ? Json(nullptr) : Json(o.expect_status)},
            {"classes", std::move(classes)}};
}

std::vector<std::string> command_words(const RunOptions& o) {
    const RunOptions standard;
    std::vector<std::string> words{"loadgen", "run", url_of(o.target)};
    const auto add = [&](const char* flag, const std::string& value) {
        words.insert(words.end(), {flag, value});
    };
    const auto add_count = [&](const char* flag, std::uint64_t value, std::uint64_t usual) {
        if (value != usual) add(flag, fmt::format("{}", value));
    };
    add_count("-c", o.connections, standard.connections);
    add_count("-t", o.threads, standard.threads);
    if (o.requests == 0) add("-d", format_duration(o.duration));
    add("--warmup", format_duration(o.warmup));
    if (!o.rate.empty()) add("-R", format_rate(o.rate));
    if (!o.rate.empty() && o.arrival != standard.arrival) add("--arrival", name_of(o.arrival));
    add_count("--size", o.size, standard.size);
    if (o.think > Nanos(0)) add("--think", format_duration(o.think));
    add_count("--requests-per-connection", o.requests_per_connection, 0);
    add_count("--idle", o.idle, 0);
    add_count("--pipeline", o.pipeline, standard.pipeline);
    if (o.requests > 0) add("-n", fmt::format("{}", o.requests));
    if (o.timeout != standard.timeout) add("--timeout", format_duration(o.timeout));
    if (!o.method.empty()) add("-X", o.method);
    for (const std::string& line : o.headers) add("-H", line);
    if (!o.check_replies) words.emplace_back("--no-check");
    if (o.expect_status > 0) add("--expect-status", fmt::format("{}", o.expect_status));
    for (const RequestClass& c : o.classes) add("--class", format_class(c));
    if (!o.cpus.empty()) add("--cpus", fmt::format("{}", fmt::join(o.cpus, ",")));
    if (o.idle_strategy != standard.idle_strategy) add("--idle-strategy", name_of(o.idle_strategy));
    add("--seed", fmt::format("{}", o.seed));
    return words;
}

}  // namespace echotrio::loadgen
