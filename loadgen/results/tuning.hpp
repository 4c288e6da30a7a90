// What `loadgen tune` tried and what it found, as plain data: the tuner fills it, the reports read
// it. A setting is one value of each axis, "workers 8, threads 2", as places in the axes' values.
#pragma once

#include "loadgen/results/run_result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// A window of fewer times the objective may end before an overload shows.
inline constexpr int kFewestObjectives = 10;

// What is varied: a placeholder of the command, or a flag of a model.
struct TunedAxis {
    std::string name;
    std::vector<std::string> values{};
    bool ordered = false;  // numbers, from the smallest up; else words, each a matter of its own
};
using Setting = std::vector<std::size_t>;  // a place in the values of each axis

// What one trial at one rate says of a setting.
enum class RateResult : std::uint8_t {
    pass,
    miss,        // the objective, or the CPUs, or the server failed
    not_judged,  // INVALID for a cause outside the server
    no_fit,      // it needs more memory than there is
    no_server,   // it could not be started, or died
};
const char* name_of(RateResult result);

struct TuneTrial {
    Setting setting;
    std::uint64_t round = 0;  // 0: of the search; 1, 2 ...: of the comparison
    double rate = 0;          // requests/s offered
    std::uint64_t seed = 0;   // of its arrivals; one round, one seed
    RateResult outcome = RateResult::miss;
    std::string why{};                     // in words, where it did not pass
    std::optional<double> objective_us{};  // the objective's percentile
    RunResult run{};                       // without histograms
};

// Why a setting has no rate.
enum class Unfit : std::uint8_t { no, objective, memory, server, not_judged };
const char* name_of(Unfit unfit);

// A figure with its 95 % interval; without one where a single measurement was made.
struct TunedFigure {
    double value = 0;
    std::optional<double> low{}, high{};
};

struct TunedSetting {
    Setting setting;
    // The highest rate that met the objective: of the comparison's rounds (each fresh, the
    // geometric mean), else as the search saw it once. 0: none did.
    TunedFigure rate{};
    std::vector<double>
        rounds{};         // the comparison's; 0: no rate met the objective; NaN: not judged
    double searched = 0;  // as the search saw it
    Unfit unfit = Unfit::no;
    std::string why{};         // where it has no rate, or missed narrowly
    std::string limited_by{};  // at least this rate: the check by which more was not judged
    std::string above{};       // what broke it at a higher rate: it died, it had too much memory
    std::optional<double> missed_us{};  // the objective's percentile in the trial of `why`
    // The ratio of its rate to that of the best, within the rounds that both were in.
    std::optional<TunedFigure> to_best{};
    // Of its trials that passed, the median of those at the highest rates of its rounds.
    std::optional<double> p99_us{}, cpus_used{}, cpu_us_per_request{};
    // What the objective's percentile was, in the same trials.
    std::optional<double> objective_us{};
    std::optional<double> memory_bytes{};  // the most that it was seen to have
    std::optional<double> time_to_ready_s{};
};

// A rule that people go by, and what it says here.
struct RuleOfThumb {
    std::string rule;      // "2n+1"
    double cpus = 0;       // n
    std::string cpus_are;  // "that the server may use", "of the machine"
    std::uint64_t workers = 0;
    std::optional<std::size_t> place{};  // in the axis; empty: not among the values asked for
    std::optional<Setting> setting{};    // as it was measured
};

// How often the server's control group was held back, in the trials that passed at the best
// setting.
struct Throttled {
    std::uint64_t version = 0;
    std::uint64_t periods = 0, throttled_periods = 0;
    double throttled_s = 0;
};

struct Tuning {
    std::string subject;                   // "gunicorn"
    std::string command;                   // with its placeholders
    std::vector<std::string> best_argv{};  // filled in, but for host and port
    std::vector<TunedAxis> axes;
    std::string objective;  // "p99=50ms"
    double objective_quantile = 0.99;
    double objective_us = 0;
    std::optional<double> memory_limit{};  // bytes
    std::string memory_limit_from{};       // "--memory", "its control group"
    std::optional<double> cpu_limit{};     // CPUs' worth of time: --cpus
    std::optional<double> cpu_quota{};     // of the server's control group
    bool quota_is_shared = false;          // the generator uses it up, too
    double cpus = 1;                       // that it can have, by these and by the machine
    std::uint64_t machine_cpus = 1;
    CpusHad cpus_had{};
    std::string load;     // "256 connections, ..."
    double window_s = 0;  // of a trial

    std::vector<TunedSetting> settings{};  // that were tried, in the order of the axes
    std::vector<TuneTrial> trials{};
    std::optional<std::size_t> best{};     // of `settings`
    std::optional<std::size_t> highest{};  // whose rate is the highest; the best may be smaller
    std::vector<RuleOfThumb> rules{};
    std::optional<std::size_t> rule_axis{};  // which axis they speak of
    std::optional<Throttled> throttled{};

    double grid = 0;                 // settings in all
    std::uint64_t rounds = 0;        // of the comparison
    std::uint64_t measurements = 0;  // of a setting, in all
    std::string stopped{};           // why it ended
    bool complete = false;           // false: the time was over, or it was interrupted
    double spent_s = 0;
};

// Null: it was not tried.
const TunedSetting* find_setting(const Tuning& tuning, const Setting& setting);

}  // namespace echotrio::loadgen
