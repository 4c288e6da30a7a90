// The best setting as something to deploy: every figure with where it comes from.
#include "loadgen/design/settings.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/report/tune_words.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace echotrio::loadgen {
namespace {

constexpr double kMemorySpare = 1.25;  // limit / the most that was seen
constexpr double kLeastMiB = 16;       // of a limit: container runtimes refuse a few MiB
constexpr double kLoadShare = 0.7;     // of the highest rate: where more instances begin
constexpr double kMiB = 1U << 20U;
constexpr double kRounding = 1e-6;  // of the arithmetic, not of the figures

const TunedSetting& best_of(const Tuning& tuning) {
    return tuning.settings.at(*tuning.best);
}

std::string variable(const std::string& name) {
    std::string text;
    for (const char c : name) {
        text += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text;
}

// A comment may not end early.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

std::string heading(const Tuning& tuning) {
    std::string text = fmt::format("# loadgen tune: {}\n# {}\n", one_line(tuning.command),
                                   answer_sentence(tuning));
    text += fmt::format("# {} of {} settings tried; {}\n", tuning.settings.size(),
                        fmt::format("{:.0f}", tuning.grid), tuning.stopped);
    if (tuning.rounds == 0) text += "# seen once, without a comparison\n";
    for (const RuleOfThumb& rule : tuning.rules) {
        const TunedSetting* one = rule.setting ? find_setting(tuning, *rule.setting) : nullptr;
        text += fmt::format("# rule {} with n = {} {}: {}, {}\n", rule.rule, cpus_text(rule.cpus),
                            rule.cpus_are, rule.workers,
                            one != nullptr ? one_line(rate_words(*one)) : "not measured");
    }
    return text;
}

std::string emit_env(const Tuning& tuning) {
    std::string text = heading(tuning);
    for (const auto& [name, value] : values_of(tuning.axes, best_of(tuning).setting)) {
        text += fmt::format("{}={}\n", variable(name), value);
        if (name == "workers") {
            // Not behind the value: Docker's --env-file and systemd take that for a part of it.
            text += fmt::format("# what gunicorn and uvicorn read:\nWEB_CONCURRENCY={}\n", value);
        }
    }
    return text;
}

// What gunicorn.conf.py calls what an axis is named after: a flag, short or long, with - or _.
// Empty: it has no such setting, or we do not know it.
std::string gunicorn_setting(std::string name) {
    static const std::map<std::string, std::string> kShort{{"w", "workers"},
                                                           {"worker", "workers"},
                                                           {"k", "worker_class"},
                                                           {"class", "worker_class"},
                                                           {"keep_alive", "keepalive"}};
    static const std::set<std::string> kKnown{"workers",      "worker_class",
                                              "threads",      "worker_connections",
                                              "max_requests", "max_requests_jitter",
                                              "timeout",      "graceful_timeout",
                                              "keepalive",    "backlog"};
    std::replace(name.begin(), name.end(), '-', '_');
    if (const auto found = kShort.find(name); found != kShort.end()) return found->second;
    return kKnown.count(name) > 0 ? name : std::string();
}

std::string emit_gunicorn(const Tuning& tuning) {
    std::string text = heading(tuning) + "# gunicorn.conf.py\n";
    for (std::size_t i = 0; i < tuning.axes.size(); ++i) {
        const std::string name = gunicorn_setting(tuning.axes[i].name);
        const std::string& value = tuning.axes[i].values[best_of(tuning).setting[i]];
        text += tuning.axes[i].ordered ? fmt::format("{} = {}\n", name, value)
                                       : fmt::format("{} = \"{}\"\n", name, value);
    }
    return text;
}

std::string emit_k8s(const Tuning& tuning) {
    const TunedSetting& best = best_of(tuning);
    std::string text = heading(tuning);
    std::string env;
    for (const auto& [name, value] : values_of(tuning.axes, best.setting)) {
        env += fmt::format("            - {{name: {}, value: \"{}\"}}\n", variable(name), value);
    }
    const double used = best.cpus_used.value_or(tuning.cpus);
    const double request = std::ceil(used * 100 - kRounding) / 100;
    const double limit = std::max(tuning.cpus, request);
    const double at_share = used * kLoadShare;
    const double target = std::max(1.0, std::floor(at_share / request * 100 + kRounding));
    text += "# Merge into your Deployment, which is called NAME here.\n";
    text += fmt::format(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: NAME}}\nspec:\n"
        "  template:\n    spec:\n      containers:\n        - name: NAME\n"
        "          env:\n{}          resources:\n            requests:\n",
        env);
    text += fmt::format("              cpu: {:.0f}m   # {}\n", request * 1000,
                        best.cpus_used ? fmt::format("{} CPUs used at {}", format_count(used),
                                                     one_line(rate_words(best)))
                                       : std::string("what it may use: what it used is not known"));
    std::string memory_limit;
    if (best.memory_bytes) {
        const double mib = std::ceil(*best.memory_bytes / kMiB);
        double most = std::ceil(mib * kMemorySpare);
        std::string why = fmt::format("{:.0f} MiB x {} = {:.0f} MiB", mib, kMemorySpare, most);
        if (most < kLeastMiB) {
            most = kLeastMiB;
            why += fmt::format(", but at least {:.0f} MiB: a container has to start", most);
        }
        if (tuning.memory_limit && most > std::floor(*tuning.memory_limit / kMiB)) {
            most = std::floor(*tuning.memory_limit / kMiB);
            why += fmt::format(", but no more than the limit, {:.0f} MiB", most);
        }
        // A request above its limit is refused.
        text += fmt::format("              memory: {:.0f}Mi   # the most that was seen{}\n",
                            std::min(mib, most), most < mib ? ", and no more than the limit" : "");
        memory_limit = fmt::format("              memory: {:.0f}Mi   # {}\n", most, why);
    }
    text += fmt::format("            limits:\n              cpu: {:.0f}m   # {}\n{}", limit * 1000,
                        tuning.cpu_limit || tuning.cpu_quota ? "the CPUs that it was tuned for"
                                                             : "the CPUs that it ran on",
                        memory_limit);
    text += fmt::format(
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: NAME}}\n"
        "spec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: NAME}}\n"
        "  minReplicas: 2   # one may fail\n  maxReplicas: 10   # yours to choose\n  metrics:\n"
        "    - type: Resource\n      resource:\n        name: cpu\n        target:\n"
        "          type: Utilization\n"
        "          # At {:.0f} % of the highest rate, {}/s, CPU in proportion: {} of {} CPUs.\n"
        "          averageUtilization: {:.0f}\n",
        kLoadShare * 100, format_count(best.rate.value * kLoadShare), format_count(at_share),
        format_short(request), target);
    return text;
}

}  // namespace

const std::vector<std::string>& emit_forms() {
    static const std::vector<std::string> kForms{"env", "gunicorn", "k8s"};
    return kForms;
}

Status can_emit(const std::vector<TunedAxis>& axes, std::string_view form) {
    if (form != "gunicorn") return Done{};
    std::map<std::string, std::string> taken;
    for (const TunedAxis& axis : axes) {
        const std::string setting = gunicorn_setting(axis.name);
        if (setting.empty()) {
            return Error{
                fmt::format("--vary: {}: --emit gunicorn knows no such setting: name it "
                            "as gunicorn's flag, like workers, threads, worker-class",
                            axis.name)};
        }
        const auto [other, added] = taken.emplace(setting, axis.name);
        if (!added) {
            return Error{
                fmt::format("--vary: {} and {} are both gunicorn's {}: --emit gunicorn "
                            "can write one",
                            other->second, axis.name, setting)};
        }
    }
    return Done{};
}

std::string tune_emit(const Tuning& tuning, std::string_view form) {
    if (form == "env") return emit_env(tuning);
    return form == "gunicorn" ? emit_gunicorn(tuning) : emit_k8s(tuning);
}

}  // namespace echotrio::loadgen
