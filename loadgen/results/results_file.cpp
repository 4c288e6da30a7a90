#include "loadgen/results/results_file.hpp"

#include "loadgen/results/files.hpp"
#include "loadgen/results/result_json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 512U << 20U;

Json cross_check_to_json(const CrossCheck& check, double ours) {
    Json out{{"tool", check.tool}, {"command", check.command}};
    if (!check.error.empty()) {
        out["error"] = check.error;
        return out;
    }
    out["throughput_rps"] = check.throughput_rps;
    out["p50_us"] = check.p50_us ? Json(*check.p50_us) : Json(nullptr);
    out["p99_us"] = check.p99_us ? Json(*check.p99_us) : Json(nullptr);
    if (ours > 0) out["difference"] = check.throughput_rps / ours - 1;
    return out;
}

CrossCheck cross_check_from_json(const Json& json) {
    CrossCheck check;
    json.at("tool").get_to(check.tool);
    json.at("command").get_to(check.command);
    if (json.contains("error")) {
        json.at("error").get_to(check.error);
        return check;
    }
    json.at("throughput_rps").get_to(check.throughput_rps);
    if (!json.at("p50_us").is_null()) check.p50_us = json.at("p50_us").get<double>();
    if (!json.at("p99_us").is_null()) check.p99_us = json.at("p99_us").get<double>();
    return check;
}

// A trial is a run's result with the place in the plan around it. Both have "connections": here it
// is the level, and what became of the connections is in "connection_counts".
Json trial_to_json(const Trial& trial) {
    Json out{{"model", trial.point.variant},
             {"workload", trial.point.level.workload},
             {"connections", trial.point.level.connections},
             {"rate", trial.point.level.rate},
             {"cpus_asked", trial.point.level.server_cpus},
             {"repetition", trial.point.repetition},
             {"attempt", trial.attempt},
             {"superseded", trial.superseded},
             {"server_command", trial.server_command},
             {"generator_command", trial.generator_command},
             {"server_cpus", trial.server_cpus},
             {"generator_cpus", trial.generator_cpus},
             {"command", trial.command},
             {"server_stats", trial.server_stats},
             {"server_log", trial.server_log},
             {"cross_check", nullptr}};
    if (trial.cross_check) {
        out["cross_check"] = cross_check_to_json(*trial.cross_check, trial.result.throughput_rps);
    }
    Json result = result_to_json(trial.result);
    out["connection_counts"] = std::move(result["connections"]);
    result.erase("connections");
    out.update(result);
    return out;
}

Trial trial_from_json(const Json& json) {
    Trial trial;
    json.at("model").get_to(trial.point.variant);
    json.at("workload").get_to(trial.point.level.workload);
    json.at("connections").get_to(trial.point.level.connections);
    json.at("rate").get_to(trial.point.level.rate);
    trial.point.level.server_cpus =
        json.value("cpus_asked", std::uint64_t{0});  // not in older files
    json.at("repetition").get_to(trial.point.repetition);
    json.at("attempt").get_to(trial.attempt);
    json.at("superseded").get_to(trial.superseded);
    json.at("server_command").get_to(trial.server_command);
    json.at("generator_command").get_to(trial.generator_command);
    json.at("server_cpus").get_to(trial.server_cpus);
    json.at("generator_cpus").get_to(trial.generator_cpus);
    trial.command = json.at("command");
    trial.server_stats = json.at("server_stats");
    trial.server_log = json.value("server_log", std::string());
    if (const Json& check = json.at("cross_check"); !check.is_null()) {
        trial.cross_check = cross_check_from_json(check);
    }
    Json as_run = json;
    as_run["connections"] = json.at("connection_counts");
    auto result = result_from_json(as_run);
    if (!result) throw std::runtime_error(result.error().message);
    trial.result = std::move(*result);
    return trial;
}

// Everything but the trials: the head of results.json and the first line of a journal.
Json head_to_json(const Experiment& experiment) {
    return {{"schema_version", kSchemaVersion},
            {"kind", "experiment"},
            {"environment", experiment.environment},
            {"seed", experiment.seed},
            {"started_unix_s", experiment.started_unix_s},
            {"command_line", experiment.command_line},
            {"complete", experiment.complete},
            {"settings", experiment.settings}};
}

Experiment head_from_json(const Json& json) {
    Experiment experiment;
    experiment.environment = json.at("environment");
    json.at("seed").get_to(experiment.seed);
    json.at("started_unix_s").get_to(experiment.started_unix_s);
    json.at("command_line").get_to(experiment.command_line);
    json.at("complete").get_to(experiment.complete);
    experiment.settings = json.at("settings");
    return experiment;
}

// What `run --json` wrote, as an experiment with one trial.
Experiment single_run(const Json& json) {
    auto result = result_from_json(json);
    if (!result) throw std::runtime_error(result.error().message);
    Experiment experiment;
    experiment.complete = true;
    experiment.environment = json.value("environment", Json(nullptr));
    experiment.started_unix_s = result->started_unix_s;
    Trial trial;
    trial.command = json.value("command", Json::object());
    trial.point.variant = "server";
    trial.point.level.workload = "run";
    trial.point.level.connections = trial.command.value("connections", std::uint64_t{1});
    trial.result = std::move(*result);
    experiment.trials.push_back(std::move(trial));
    return experiment;
}

std::string errno_text() {
    return std::strerror(errno);
}

}  // namespace

Json experiment_to_json(const Experiment& experiment) {
    Json out = head_to_json(experiment);
    Json& trials = out["trials"] = Json::array();
    for (const Trial& trial : experiment.trials) trials.push_back(trial_to_json(trial));
    return out;
}

std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_indented_text(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<Experiment> experiment_from_json(const Json& json) {
    if (const Status ours = check_schema(json); !ours) return ours.error();
    try {
        if (const std::string kind = json.value("kind", "experiment"); kind != "experiment") {
            return Error{fmt::format(
                "it holds {}, no results: a report shows it when it lies beside their results.json",
                kind)};
        }
        if (!json.contains("trials")) return single_run(json);
        Experiment experiment = head_from_json(json);
        std::size_t number = 0;
        for (const Json& trial : json.at("trials")) {
            ++number;
            try {
                experiment.trials.push_back(trial_from_json(trial));
            } catch (const std::exception& wrong) {
                return Error{fmt::format("trial {}: {}", number, wrong.what())};
            }
        }
        return experiment;
    } catch (const std::exception& wrong) {
        return Error{wrong.what()};
    }
}

Result<Experiment> experiment_from_text(std::string_view text) {
    const auto json = json_from_text(text);
    if (!json) return json.error();
    return experiment_from_json(*json);
}

Result<std::string> read_result_file(const std::string& path) {
    return read_file(path, kLargestFile);
}

Result<Experiment> read_experiment(const std::string& path) {
    std::string file = path;
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
        file = path + "/results.json";
        if (!fs::exists(file, ignored) && fs::exists(path + "/trials.jsonl", ignored)) {
            return Error{fmt::format(
                "{} holds an interrupted experiment: finish it with loadgen compare --resume {}",
                path, path)};
        }
    }
    const auto text = read_result_file(file);
    if (!text) return text.error();
    auto experiment = experiment_from_text(*text);
    if (!experiment) return Error{fmt::format("{}: {}", file, experiment.error().message)};
    return experiment;
}

Result<Journal> Journal::create(const std::string& dir, const Experiment& experiment) {
    std::error_code failed;
    fs::create_directories(dir, failed);
    if (failed) return Error{fmt::format("cannot create {}: {}", dir, failed.message())};
    if (fs::exists(dir + "/results.json", failed)) {
        return Error{fmt::format("{} has a results.json already: choose another --out", dir)};
    }
    const std::string path = dir + "/trials.jsonl";
    if (fs::exists(path, failed)) {
        return Error{fmt::format(
            "{} holds an interrupted experiment: continue it with --resume {} or choose another "
            "--out",
            dir, dir)};
    }
    File file(std::fopen(path.c_str(), "wb"));
    if (!file) return Error{fmt::format("cannot write {}: {}", path, errno_text())};
    Journal journal(path, std::move(file));
    if (const Status head = journal.append_line(head_to_json(experiment)); !head) {
        return head.error();
    }
    return journal;
}

Result<Journal> Journal::resume(const std::string& dir, Experiment& experiment) {
    const std::string path = dir + "/trials.jsonl";
    const auto text = read_result_file(path);
    if (!text) {
        return Error{fmt::format("nothing to resume in {}: {}", dir, text.error().message)};
    }
    std::size_t kept = 0;  // bytes of whole lines
    try {
        for (std::size_t end = 0; (end = text->find('\n', kept)) != std::string::npos;
             kept = end + 1) {
            const auto line = json_from_text(std::string_view(*text).substr(kept, end - kept));
            if (!line) throw std::runtime_error(line.error().message);
            if (kept == 0) {
                if (const Status ours = check_schema(*line); !ours) {
                    throw std::runtime_error(ours.error().message);
                }
                experiment = head_from_json(*line);
            } else {
                experiment.trials.push_back(trial_from_json(*line));
            }
        }
        if (kept == 0) throw std::runtime_error("it is empty");
    } catch (const std::exception& wrong) {
        return Error{fmt::format("cannot resume from {}: {}", path, wrong.what())};
    }
    std::error_code failed;
    fs::resize_file(path, kept, failed);
    File file(failed ? nullptr : std::fopen(path.c_str(), "ab"));
    if (!file) {
        return Error{
            fmt::format("cannot write {}: {}", path, failed ? failed.message() : errno_text())};
    }
    return Journal(path, std::move(file));
}

Status Journal::append(const Trial& trial) {
    return append_line(trial_to_json(trial));
}

Status Journal::append_line(const Json& line) {
    const std::string text = to_text(line);
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
        std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) {
        return Error{fmt::format("cannot write {}: {}", path_, errno_text())};
    }
    return Done{};
}

void Journal::remove() {
    file_.reset();
    std::error_code ignored;
    fs::remove(path_, ignored);
}

}  // namespace echotrio::loadgen
