// Whether a run can be trusted: the checks and thresholds of docs/measurement.md, in one table.
// Pure: a function of the result and of what was asked for.
#pragma once

#include "loadgen/results/experiment.hpp"

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What the judge must know that the result does not say.
struct VerdictContext {
    bool open_loop = false;
    bool poisson = false;
    double asked = 0;               // arrivals in the window by the rate; 0 = not known
    bool rate_varies = false;       // a rate profile: steadiness is not to be expected
    bool shared_cpus = false;       // client and server may run on the same CPU
    double server_cpus = 0;         // CPUs that the server may run on, 0 = not known
    bool one_at_a_time = false;     // but its threads take turns on one, under a global lock
    double ceiling_rps = 0;         // of `calibrate`, 0 = not known
    TwoCpus two_cpus{};             // of this machine
    bool trusted_build = true;      // false: debug or sanitizer build
    std::uint64_t connections = 0;  // -c
    std::uint64_t concurrency = 0;  // connections x pipeline (Little's law), 0 = none
    double think_s = 0;
    std::uint64_t expected_status = 0;  // --expect-status; 0 = any below 400
    // Of several generators: the share of the longest window in which all of them measured.
    std::optional<double> overlap{};
    std::optional<std::uint64_t> server_requests;  // the server's own count, where it could be read
    // How far from the window's two ends the server's counters were read, together.
    std::optional<double> readings_off_s{};
};

// Every threshold of the verdict. Shares are of 1.
namespace limits {
inline constexpr double kFailedShare = 0.001;
inline constexpr double kClosedShare = 0.05;      // of sent: a habit of the server's, no accident
inline constexpr double kRateShare = 0.01;        // achieved against offered
inline constexpr double kRateRequests = 20;       // a smaller shortfall is chance
inline constexpr double kBacklogGrowth = 1.5;     // in flight at the end / its mean
inline constexpr double kLatenessUs = 1000;       // or the next, whichever is larger
inline constexpr double kLatenessShare = 0.05;    // of the reported p99 latency
inline constexpr double kBusyThread = 0.90;       // CPU share
inline constexpr double kRunQueueWait = 0.02;     // share of the window
inline constexpr double kServerBusy = 0.90;       // of its CPUs: the server is the limit
inline constexpr double kOneAtATime = 1.1;        // CPUs, of a server under a global lock: the same
inline constexpr double kWaking = 10;             // median latency / a sleeper's waking
inline constexpr double kCeiling = 1.5;           // null-server ceiling / measured rate
inline constexpr double kLittle = 0.02;           // |N - X(R + Z)| / N, beside the window's ends
inline constexpr double kLittleRequests = 100;    // per slot: the window's edges count less
inline constexpr double kDrift = 0.05;            // first against last third
inline constexpr int kDriftIntervals = 6;         // fewer interval means show no trend
inline constexpr double kArrivals = 1.341;        // Anderson-Darling, exponential, 5 %
inline constexpr double kArrivalsInvalid = 5.0;   // the same, about 1 in 100,000 seeds
inline constexpr double kDrawn = 2.58;            // sqrt(n): 1 % of Poisson counts are farther off
inline constexpr double kDrawnShare = 0.01;       // a smaller difference does not matter
inline constexpr double kFairness = 0.95;         // Jain
inline constexpr double kSteal = 0.005;           // CPU share
inline constexpr double kMuchSteal = 0.02;        // CPU share: another attempt may have less
inline constexpr double kOtherCpu = 0.02;         // CPU share
inline constexpr double kClockStep = 0.001;       // seconds
inline constexpr double kTwoCpus = 1.8;           // times the work of one; siblings do less
inline constexpr double kTwoCpusOthers = 0.05;    // CPU share of others that blurs the former
inline constexpr double kOverlap = 0.95;          // of generators' windows: less is not one load
inline constexpr double kReadingsOff = 0.1;       // share of the window
inline constexpr double kFrequencyChange = 0.05;  // of a CPU's clock rate
}  // namespace limits

// The table for people: a row for each check, in the order in which they are made.
struct CheckRow {
    std::string check;    // Finding::check
    std::string invalid;  // when the run is INVALID, "" = never
    std::string flag;     // when it is only FLAGged, "" = never
};
std::vector<CheckRow> verdict_table();

// Whether they were measured while others left the machine alone.
bool could_tell(const TwoCpus& two);
// Two CPUs at once did, beyond doubt, less than two do: in words, with what to do. Empty: they did
// not, or that could not be seen.
std::optional<Finding> two_cpus_finding(const TwoCpus& two);

Verdict judge(const RunResult& result, const VerdictContext& context);

// Whether the server's counters are those of the window.
bool in_time(double readings_off_s, double window_s);

// Whether memory may be read from the trial. It is read at a standstill: a generator that was late
// or short of CPU spoils rates and latencies, not this.
bool counts_for_memory(const Trial& trial);

}  // namespace echotrio::loadgen
