// `tune --json`.
#include "loadgen/design/settings.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/results/result_json.hpp"

#include <charconv>
#include <cmath>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json interval_of(const TunedFigure& figure) {
    return figure.low && figure.high ? Json{*figure.low, *figure.high} : Json(nullptr);
}

// {"workers": 8, "class": "sync"}
Json setting_to_json(const std::vector<TunedAxis>& axes, const Setting& setting) {
    Json json = Json::object();
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::string& value = axes[i].values.at(setting.at(i));
        std::uint64_t number = 0;
        std::from_chars(value.data(), value.data() + value.size(), number);
        json[axes[i].name] = axes[i].ordered ? Json(number) : Json(value);
    }
    return json;
}

Json tuned_to_json(const Tuning& tuning, const TunedSetting& one) {
    Json json = setting_to_json(tuning.axes, one.setting);
    const bool known = one.rate.value > 0;
    json["rate"] = known ? Json(one.rate.value) : Json(nullptr);
    json["ci95"] = interval_of(one.rate);
    json["rounds"] = Json::array();
    for (const double rate : one.rounds) {
        json["rounds"].push_back(std::isnan(rate) ? Json(nullptr) : Json(rate));
    }
    json["searched_rate"] = one.searched > 0 ? Json(one.searched) : Json(nullptr);
    json["ratio_to_highest"] = one.to_best ? Json(one.to_best->value) : Json(nullptr);
    json["ratio_ci95"] = one.to_best ? interval_of(*one.to_best) : Json(nullptr);
    json["objective_us"] = or_null(one.objective_us);
    json["p99_us"] = or_null(one.p99_us);
    json["cpus_used"] = or_null(one.cpus_used);
    json["cpu_us_per_request"] = or_null(one.cpu_us_per_request);
    json["memory_bytes"] = or_null(one.memory_bytes);
    json["time_to_ready_s"] = or_null(one.time_to_ready_s);
    json["unfit"] = one.unfit == Unfit::no ? Json(nullptr) : Json(name_of(one.unfit));
    json["why"] = one.why;
    json["generator_was_limit"] = !one.limited_by.empty();
    json["limited_by"] = text_or_null(one.limited_by);
    json["above"] = text_or_null(one.above);
    return json;
}

Json trial_to_json(const Tuning& tuning, const TuneTrial& trial) {
    Json json{{"setting", setting_to_json(tuning.axes, trial.setting)},
              {"round", trial.round},
              {"seed", trial.seed},
              {"rate", trial.rate},
              {"result", name_of(trial.outcome)},
              {"why", trial.why}};
    if (trial.outcome == RateResult::no_server && trial.run.requests == 0) return json;
    Json run = result_to_json(trial.run);
    for (const char* key : {"schema_version", "histograms", "intervals", "sampled_gaps_s"}) {
        run.erase(key);
    }
    json.update(run);
    return json;
}

Json rules_to_json(const Tuning& tuning) {
    if (!tuning.rule_axis) return nullptr;
    Json rules = Json::array();
    for (const RuleOfThumb& rule : tuning.rules) {
        Json json{{"rule", rule.rule},
                  {"cpus", rule.cpus},
                  {"cpus_are", rule.cpus_are},
                  {"workers", rule.workers},
                  {"axis", tuning.axes[*tuning.rule_axis].name},
                  {"among_the_settings", rule.place.has_value()}};
        const TunedSetting* measured = rule.setting ? find_setting(tuning, *rule.setting) : nullptr;
        json["measured"] = measured ? tuned_to_json(tuning, *measured) : Json(nullptr);
        rules.push_back(std::move(json));
    }
    return rules;
}

}  // namespace

Json tune_to_json(const Tuning& tuning) {
    Json json{{"subject", tuning.subject}, {"objective", tuning.objective}};
    json["best"] =
        tuning.best ? tuned_to_json(tuning, tuning.settings[*tuning.best]) : Json(nullptr);
    json["highest"] = tuning.highest
                          ? setting_to_json(tuning.axes, tuning.settings[*tuning.highest].setting)
                          : Json(nullptr);
    json["answer"] = answer_sentence(tuning);
    json["rule_of_thumb"] = rules_to_json(tuning);
    json["limits"] = {{"memory_bytes", or_null(tuning.memory_limit)},
                      {"memory_from", tuning.memory_limit_from},
                      {"cpus", or_null(tuning.cpu_limit)},
                      {"cpu_quota", or_null(tuning.cpu_quota)},
                      {"quota_is_shared", tuning.quota_is_shared},
                      {"cpus_in_force", tuning.cpus},
                      {"machine_cpus", tuning.machine_cpus}};
    json["cpus"] = cpus_to_json(tuning.cpus_had);
    json["throttled"] = nullptr;
    if (tuning.throttled) {
        json["throttled"] = {{"version", tuning.throttled->version},
                             {"periods", tuning.throttled->periods},
                             {"throttled_periods", tuning.throttled->throttled_periods},
                             {"throttled_s", tuning.throttled->throttled_s}};
    }
    json["search"] = {{"grid", tuning.grid},
                      {"settings", tuning.settings.size()},
                      {"measurements", tuning.measurements},
                      {"rounds", tuning.rounds},
                      {"trials", tuning.trials.size()},
                      {"window_s", tuning.window_s},
                      {"stopped", tuning.stopped},
                      {"complete", tuning.complete},
                      {"spent_s", tuning.spent_s}};
    json["settings"] = Json::array();
    for (const TunedSetting& one : tuning.settings) {
        json["settings"].push_back(tuned_to_json(tuning, one));
    }
    json["trials"] = Json::array();
    for (const TuneTrial& trial : tuning.trials) {
        json["trials"].push_back(trial_to_json(tuning, trial));
    }
    return json;
}

}  // namespace echotrio::loadgen
