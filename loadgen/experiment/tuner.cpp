#include "loadgen/experiment/tuner.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/rate_bracket.hpp"
#include "loadgen/analysis/rate_outcome.hpp"
#include "loadgen/experiment/setting_book.hpp"
#include "loadgen/experiment/subject_trial.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/subject/cpus.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr int kAttempts = 3;            // at a trial that could not be judged
constexpr int kUnjudged = 2;            // rates of a measurement, before it is given up
constexpr int kStarts = 2;              // of a server
constexpr double kFewestRequests = 10;  // due in a trial at the lowest rate
constexpr double kHighestRate = 1e7;
constexpr double kSearchStep = 1.25, kBlindStep = 1.4;

CpuShare share_for(const std::optional<double>& cpus) {
    const auto whole = static_cast<std::size_t>(std::ceil(cpus.value_or(0)));
    return share_cpus(usable_cpus(), false, whole);
}

Unfit unfit_by(RateResult result) {
    if (result == RateResult::no_fit) return Unfit::memory;
    return result == RateResult::no_server ? Unfit::server : Unfit::objective;
}

void forget_histograms(RunResult& run) {
    run.latency = run.service_time = run.lateness = Histogram();
    run.sampled_gaps_s.clear();
    for (ClassResult& one : run.classes) one.latency = Histogram();
}

class Tuner {
  public:
    Tuner(const TunerOptions& options, const TunerHooks& hooks)
        : options_(options),
          hooks_(hooks),
          cpus_(share_for(options.cpus)),
          search_(options.axes, {options.rounds, options.load.seed, options.precision}) {
        bounds_ = {options.cpus, options.memory_bytes};
        if (options.memory_bytes) tuning_.memory_limit_from = "--memory";
        if (const auto group = read_cgroup(::getpid())) own_quota_ = group->cpu_limit;
        tuning_.cpu_quota = own_quota_;
        longest_s_ = seconds(options.load.warmup + options.load.duration);
    }

    Result<Tuning> run() {
        while (const auto next = search_.next()) {
            const auto rate = measure(*next);
            if (!error_.empty()) return Error{error_};
            if (!rate) break;
            if (search_.measurements() == 0) add_rules();
            search_.record(*rate, !out_);
        }
        if (search_.measurements() == 0) add_rules();  // there was no time for one
        conclude();
        return std::move(tuning_);
    }

  private:
    bool over() {
        if (hooks_.stop && hooks_.stop()) {
            called_off_ = "it was interrupted";
        } else if (seconds(now() - start_) + longest_s_ > seconds(options_.budget)) {
            called_off_ = "the time was over";
        }
        return !called_off_.empty();
    }

    RateBracket::Options bracket_for(const SettingSearch::Next& next) {
        RateBracket::Options how;
        how.lowest = kFewestRequests / seconds(options_.load.duration);
        how.highest = kHighestRate;
        how.precision = options_.precision * (next.round == 0 ? kSearchSteps : 1);
        how.start = next.guess.value_or(options_.first_rate);
        how.step = next.round > 0 ? 1 + how.precision : next.guess ? kSearchStep : kBlindStep;
        // The settings of a round stop at the same rates, but not all rounds do, as if there were
        // no others between them.
        const double begin = Rng(options_.load.seed).split(next.round).split(1).uniform();
        how.grid = std::pow(1 + how.precision, begin);
        return how;
    }

    // The highest rate of that setting, or kNotJudged; out_ says whether it can't be had at all.
    // Empty: there was no time, or error_ says why.
    std::optional<double> measure(const SettingSearch::Next& next) {
        RateBracket bracket(bracket_for(next));
        SettingBook& book = books_[next.setting];
        std::optional<Passed> highest;
        std::string unjudged;              // why, of the lowest rate that counts as a miss
        int not_judged = 0;                // rates
        Unfit without = Unfit::objective;  // why it has no rate, if none passes
        out_ = false;
        while (const auto rate = bracket.next()) {
            auto trial = judged_trial(next, *rate);
            if (!trial) return std::nullopt;
            const bool lower = highest || book.passed_below(*rate);
            const RateResult says = weighed(trial->outcome, trial->run, {lower, book.ran});
            if (says == RateResult::miss && trial->outcome != says) book.broke(*trial);
            switch (says) {
                case RateResult::pass:
                    highest = passed_;
                    bracket.record(true);
                    break;
                case RateResult::miss:
                    book.missed(*trial);
                    without = unfit_by(trial->outcome);
                    unjudged.clear();
                    bracket.record(false, trial->run.verdict.overloaded
                                              ? std::optional(trial->run.throughput_rps)
                                              : std::nullopt);
                    break;
                case RateResult::not_judged:
                    if (!highest && ++not_judged == kUnjudged) {
                        book.not_judged(trial->why);
                        return kNotJudged;
                    }
                    unjudged = trial->outcome == RateResult::no_server
                                   ? "start: " + trial->why  // as a check says it
                                   : trial->why;
                    bracket.give_up();
                    break;
                case RateResult::no_fit:
                case RateResult::no_server:
                    out_ = true;
                    book.unfit = unfit_by(says);
                    book.why = trial->why;
                    return 0;
            }
        }
        if (highest) {
            highest->limited_by = unjudged.substr(0, unjudged.find(':'));
            book.passed.push_back(std::move(*highest));
        } else if (!unjudged.empty()) {  // the lowest rate that there is
            book.not_judged(unjudged);
            return kNotJudged;
        } else {
            book.unfit = without;
        }
        return bracket.last_pass().value_or(0);
    }

    // Repeated where it could not be judged. Empty: as of measure().
    std::optional<TuneTrial> judged_trial(const SettingSearch::Next& next, double rate) {
        for (int attempt = 1;; ++attempt) {
            if (over()) return std::nullopt;
            TuneTrial trial = one_trial(next, rate);
            if (!error_.empty() || (hooks_.stop && hooks_.stop())) {
                called_off_ = "it was interrupted";
                return std::nullopt;
            }
            tuning_.trials.push_back(trial);
            if (hooks_.finished) hooks_.finished(trial);
            const bool again = trial.outcome == RateResult::not_judged && attempt < kAttempts;
            if (!again) return trial;
        }
    }

    TuneTrial one_trial(const SettingSearch::Next& next, double rate) {
        TuneTrial trial{.setting = next.setting, .round = next.round, .rate = rate};
        // The settings of a round meet the same luck of arrivals, so that it is in no ratio.
        trial.seed = Rng(options_.load.seed).split(next.round).next() >> 32U;
        const TimePoint begun = now();
        auto subject = options_.subject(next.setting);
        if (!subject) {
            error_ = subject.error().message;
            return trial;
        }
        if (subject->cpus.empty()) subject->cpus = cpus_.server;
        books_[next.setting].argv = subject->argv;
        for (int start = 1; start <= kStarts; ++start) {
            auto run = run_trial_on(*subject, trial_options(trial), {}, hooks_.stop, hooks_.hurry);
            if (run) {
                take(trial, std::move(*run));
                break;
            }
            if (hooks_.stop && hooks_.stop()) return trial;
            trial.outcome = RateResult::no_server;
            trial.why = run.error().message;
            if (start == kStarts && !anything_ran_) error_ = trial.why;
        }
        longest_s_ = std::max(longest_s_, seconds(now() - begun));
        return trial;
    }

    TrialOptions trial_options(const TuneTrial& trial) const {
        TrialOptions how;
        how.run = options_.load;
        how.run.rate = {{trial.rate, Nanos(0)}};
        how.run.seed = trial.seed;
        if (how.run.cpus.empty()) how.run.cpus = cpus_.generator;
        how.ceiling_rps = options_.ceiling_rps;
        return how;
    }

    void take(TuneTrial& trial, RunResult run) {
        anything_ran_ = true;
        if (run.server) take_limits(*run.server);
        auto judged = judge_rate(run, options_.objective, bounds_);
        trial.outcome = judged.result;
        trial.why = std::move(judged.why);
        tuning_.cpus_had = run.cpus;
        books_[trial.setting].saw_memory(run, trial.outcome != RateResult::no_fit);
        const Passed seen = Passed::of(run, options_.objective);
        if (run.requests > 0) trial.objective_us = seen.objective_us;
        if (trial.outcome == RateResult::pass) {
            passed_ = seen;
            passed_.round = trial.round;
            passed_.rate = trial.rate;
        }
        forget_histograms(run);
        trial.run = std::move(run);
    }

    // A control group's limits hold whatever was asked for; only a server that runs shows its own.
    void take_limits(const ServerUse& server) {
        if (!server.cgroup) return;
        tuning_.cpu_quota = server.cgroup->cpu_limit;
        // Started by us, it is in our group or below it, unless it moved itself: then a quota that
        // is the same is ours, too.
        tuning_.quota_is_shared = own_quota_ && tuning_.cpu_quota == own_quota_;
        const auto found = server.cgroup->memory.find("limit");
        if (found == server.cgroup->memory.end() || !found->second) return;
        if (bounds_.memory_bytes && *bounds_.memory_bytes <= *found->second) return;
        bounds_.memory_bytes = found->second;
        tuning_.memory_limit_from = "its control group";
    }

    double cpus() const {
        double cpus = options_.cpus.value_or(static_cast<double>(cpus_.server.size()));
        if (tuning_.cpu_quota) cpus = std::min(cpus, *tuning_.cpu_quota);
        return cpus;
    }

    // Once the first trials have shown which limits hold.
    void add_rules() {
        constexpr std::array<std::string_view, 6> kNames{"workers",       "worker",    "w",
                                                         "start-workers", "processes", "procs"};
        for (std::size_t i = 0; i < options_.axes.size() && !tuning_.rule_axis; ++i) {
            const TunedAxis& axis = options_.axes[i];
            const bool workers = std::find(kNames.begin(), kNames.end(), axis.name) != kNames.end();
            if (workers && axis.ordered) tuning_.rule_axis = i;
        }
        tuning_.machine_cpus = static_cast<std::uint64_t>(::sysconf(_SC_NPROCESSORS_ONLN));
        if (!tuning_.rule_axis) return;
        const double n = cpus();
        add_rule("2n+1", n, "that the server may use", std::floor(2 * n + 1));
        add_rule("one per CPU", n, "that the server may use", std::max(1.0, std::ceil(n)));
        const auto all = static_cast<double>(tuning_.machine_cpus);
        if (all != n) add_rule("2n+1", all, "of the machine", 2 * all + 1);
    }

    void add_rule(const char* name, double n, const char* cpus_are, double workers) {
        RuleOfThumb rule{name, n, cpus_are, static_cast<std::uint64_t>(workers), {}, {}};
        const auto& values = options_.axes[*tuning_.rule_axis].values;
        const auto found = std::find(values.begin(), values.end(), fmt::format("{}", rule.workers));
        if (found != values.end()) {
            rule.place = static_cast<std::size_t>(found - values.begin());
            search_.also(*tuning_.rule_axis, *rule.place);
        }
        tuning_.rules.push_back(std::move(rule));
    }

    void conclude();

    const TunerOptions& options_;
    const TunerHooks& hooks_;
    CpuShare cpus_;
    SettingSearch search_;
    ServerBounds bounds_;
    Tuning tuning_;
    std::map<Setting, SettingBook> books_;
    Passed passed_;  // of the last trial, if it did
    TimePoint start_ = now();
    double longest_s_ = 0;               // of a trial; before the first its least
    std::optional<double> own_quota_{};  // of the generator's control group
    bool out_ = false;                   // the setting of the last measurement can't be had
    bool anything_ran_ = false;
    std::string error_, called_off_;
};

void Tuner::conclude() {
    const SettingSearch::Answer answer = search_.answer();
    for (const auto& [setting, book] : books_) {
        const bool measured = search_.seen().count(setting) > 0 ||
                              std::any_of(answer.compared.begin(), answer.compared.end(),
                                          [&](const auto& c) { return c.setting == setting; });
        if (!measured) continue;
        if (answer.best && setting == *answer.best) tuning_.best = tuning_.settings.size();
        if (answer.highest && setting == *answer.highest) {
            tuning_.highest = tuning_.settings.size();
        }
        const auto seen = search_.seen().find(setting);
        const double searched = seen == search_.seen().end() ? 0 : seen->second;
        tuning_.settings.push_back(book.told(setting, searched, answer));
    }
    if (answer.best) {
        tuning_.best_argv = books_[*answer.best].argv;
        tuning_.throttled = books_[*answer.best].throttled();
    }
    for (RuleOfThumb& rule : tuning_.rules) {
        if (rule.place) rule.setting = search_.beside_best(*tuning_.rule_axis, *rule.place);
    }
    tuning_.axes = options_.axes;
    tuning_.objective = format_objective(options_.objective);
    tuning_.objective_quantile = options_.objective.quantile;
    tuning_.objective_us = seconds(options_.objective.limit) * 1e6;
    tuning_.window_s = seconds(options_.load.duration);
    tuning_.memory_limit = bounds_.memory_bytes;
    tuning_.cpu_limit = options_.cpus;
    tuning_.cpus = cpus();
    tuning_.grid = 1;
    for (const TunedAxis& axis : options_.axes) {
        tuning_.grid *= static_cast<double>(axis.values.size());
    }
    tuning_.rounds = search_.complete_rounds();
    tuning_.measurements = search_.measurements();
    tuning_.complete = called_off_.empty();
    tuning_.stopped = called_off_.empty() ? search_.stopped() : called_off_;
    tuning_.spent_s = seconds(now() - start_);
}

}  // namespace

Result<Tuning> tune(const TunerOptions& options, const TunerHooks& hooks) {
    return Tuner(options, hooks).run();
}

Result<std::vector<int>> cpus_to_tune_on(const std::optional<double>& cpus) {
    const std::size_t usable = usable_cpus().size();
    if (cpus.value_or(0) > static_cast<double>(usable)) {
        return Error{
            fmt::format("{:g} are more than the {} that this process may use", *cpus, usable)};
    }
    return share_for(cpus).server;
}

}  // namespace echotrio::loadgen
