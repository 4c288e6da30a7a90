#include "loadgen/design/subject_json.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

// By ReadyRule::Kind.
constexpr std::array kKinds = {"tcp", "path", "log", "line"};

ReadyRule::Kind kind_named(const std::string& name) {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        if (name == kKinds[i]) return static_cast<ReadyRule::Kind>(i);
    }
    throw std::runtime_error(fmt::format("ready: there is no kind '{}'", name));
}

Nanos duration_in(const Json& json, const char* key) {
    const auto parsed = parse_duration(json.at(key).get<std::string>());
    if (!parsed) throw std::runtime_error(fmt::format("{}: {}", key, parsed.error().message));
    return *parsed;
}

}  // namespace

Json subject_to_json(const Subject& subject) {
    Json env = Json::object();
    for (const auto& [name, value] : subject.env) env[name] = value;
    return {
        {"command", subject.argv},
        {"env", std::move(env)},
        {"dir", subject.dir},
        {"cwd", subject.cwd},
        {"ready",
         {{"kind", kKinds[static_cast<std::size_t>(subject.ready.kind)]},
          {"text", subject.ready.text},
          {"timeout", format_duration(subject.ready.timeout)}}},
        {"stop", {{"signal", subject.stop.signal}, {"grace", format_duration(subject.stop.grace)}}},
        {"cpus", subject.cpus},
        {"path", subject.path},
        {"expect_status", subject.expect_status},
        {"speaks_our_protocol", subject.speaks_our_protocol}};
}

Subject subject_from_json(const Json& json) {
    Subject subject;
    json.at("command").get_to(subject.argv);
    if (subject.argv.empty()) throw std::runtime_error("command: is empty");
    for (const auto& [name, value] : json.at("env").items()) {
        subject.env.emplace_back(name, value.get<std::string>());
    }
    json.at("dir").get_to(subject.dir);
    json.at("cwd").get_to(subject.cwd);
    const Json& ready = json.at("ready");
    subject.ready = {kind_named(ready.at("kind")), ready.at("text"), duration_in(ready, "timeout")};
    const Json& stop = json.at("stop");
    subject.stop = {stop.at("signal"), duration_in(stop, "grace")};
    json.at("cpus").get_to(subject.cpus);
    json.at("path").get_to(subject.path);
    json.at("expect_status").get_to(subject.expect_status);
    json.at("speaks_our_protocol").get_to(subject.speaks_our_protocol);
    return subject;
}

}  // namespace echotrio::loadgen
