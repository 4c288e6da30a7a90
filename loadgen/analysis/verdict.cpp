#include "loadgen/analysis/verdict.hpp"

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/record/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kMostIntervals = 240;  // the trend test is quadratic

class Judge {
  public:
    Judge(const RunResult& result, const VerdictContext& context) : r_(result), c_(context) {}

    Verdict verdict() {
        integrity();
        littles_law();
        failures();
        lateness();
        generator();
        rate();
        steadiness();
        arrivals();
        samples();
        fairness();
        network();
        machine();
        server();
        verdict_.valid = verdict_.reasons.empty();
        if (!verdict_.valid) verdict_.rankable = false;
        return std::move(verdict_);
    }

  private:
    void invalid(const char* check, std::string what, std::string advice) {
        verdict_.reasons.push_back({check, std::move(what), std::move(advice)});
    }
    void flag(const char* check, std::string what, std::string advice) {
        verdict_.flags.push_back({check, std::move(what), std::move(advice)});
    }

    void integrity(), littles_law(), failures(), lateness(), generator(), rate(), steadiness();
    void arrivals(), samples(), fairness(), network(), machine(), server();
    bool server_is_the_limit() const;
    bool backlog_grows() const;

    const RunResult& r_;
    const VerdictContext& c_;
    Verdict verdict_;
    bool generator_at_fault_ = false;
};

double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

std::string percent(double of_one) {
    return fmt::format("{:.3g} %", of_one * 100);
}

double as_double(std::uint64_t n) {
    return static_cast<double>(n);
}

void Judge::integrity() {
    if (r_.errors.mismatch > 0) {
        invalid("integrity",
                fmt::format("{} replies differ from what was sent", r_.errors.mismatch),
                "the server (or something between) corrupts data; look at it with --size 64 -c 1");
    }
    for (const auto* books : {&r_.accounting, &r_.total}) {
        if (books->balanced()) continue;
        invalid("integrity",
                "scheduled = sent + unsent, or sent = completed + failed + timed out "
                "+ in flight, does not hold",
                "this is a mistake in the generator: please report it with the JSON");
        break;
    }
    if (!c_.server_requests) return;
    // What failed or was given up may or may not have been counted by the server.
    const Accounting& t = r_.total;
    const std::uint64_t most = t.completed + t.failed + t.timed_out + t.in_flight;
    if (*c_.server_requests < t.completed || *c_.server_requests > most) {
        invalid("integrity",
                fmt::format("the server counted {} requests, the client {} completed of {} sent",
                            *c_.server_requests, t.completed, most),
                "nobody else may use the server during the run; repeat it with a fresh server");
    }
}

// A closed loop without churn, losses or starved connections: N = X (R + Z).
void Judge::littles_law() {
    const Accounting& a = r_.accounting;
    if (c_.open_loop || c_.concurrency == 0 || !r_.latency_us.mean || !(r_.duration_s > 0)) return;
    if (a.failed + a.timed_out > 0 || r_.connections.served < c_.connections) return;
    const double n = as_double(c_.concurrency);
    if (as_double(r_.requests) < limits::kLittleRequests * n) return;
    const double held = r_.throughput_rps * (*r_.latency_us.mean * 1e-6 + c_.think_s);
    const double off = std::abs(n - held) / n;
    if (off <= limits::kLittle) return;
    invalid("integrity",
            fmt::format("Little's law is off by {}: {} requests in flight, but throughput x "
                        "(latency + think time) = {:.4g}",
                        percent(off), c_.concurrency, held),
            "the run's figures don't fit each other; give the generator CPUs of its own (--cpus), "
            "and report it if it stays");
}

void Judge::failures() {
    const Accounting& a = r_.accounting;
    const std::uint64_t lost = a.failed + a.timed_out;
    const double lost_share = share(as_double(lost), as_double(a.sent));
    const std::string what = fmt::format("{} of {} requests failed ({} timed out), {}", lost,
                                         a.sent, a.timed_out, percent(lost_share));
    if (r_.requests == 0) {
        invalid("failures", "no request completed in the window",
                "check the address with curl or nc; a longer --duration where replies are slow");
    } else if (lost_share > limits::kFailedShare) {
        invalid("failures", what,
                "see the error counts by kind; lower the load or raise --timeout");
    } else if (lost > 0) {
        flag("failures", what, "see the error counts by kind");
    }
    if (r_.errors.connect > 0) {
        flag("failures", fmt::format("{} connects failed", r_.errors.connect),
             "check the server's --max-connections, --backlog and descriptor limit");
    }
}

void Judge::lateness() {
    if (!c_.open_loop) return;
    const auto& delay =
        r_.generator.send_delay_p99_us ? r_.generator.send_delay_p99_us : r_.lateness_us.p99;
    if (!delay) return;
    const double allowed =
        std::max(limits::kLatenessUs, limits::kLatenessShare * r_.latency_us.p99.value_or(0));
    if (*delay <= allowed) return;
    generator_at_fault_ = true;
    invalid("lateness",
            fmt::format("p99 of the generator's own delay in sending is {:.4g} us, allowed are "
                        "{:.4g} us",
                        *delay, allowed),
            "lower the rate, add --threads, or give the generator CPUs of its own (--cpus)");
}

// All the CPUs that its threads can use were used up.
bool Judge::server_is_the_limit() const {
    if (!r_.server || !(r_.duration_s > 0)) return false;
    const double busy = r_.server->cpu_s / r_.duration_s;
    // What such a server does outside the lock may take more than one CPU; how many is not known.
    if (c_.one_at_a_time && busy >= limits::kServerBusy && busy <= limits::kOneAtATime) return true;
    const double tasks = as_double(std::max<std::uint64_t>(r_.server->threads, 1));
    const double cpus = std::min(tasks, c_.server_cpus > 0 ? c_.server_cpus : 1.0);
    return busy >= limits::kServerBusy * cpus;
}

void Judge::generator() {
    const GeneratorUse& g = r_.generator;
    if (!server_is_the_limit()) {
        if (g.busiest_thread > limits::kBusyThread) {
            generator_at_fault_ = true;
            invalid("generator",
                    fmt::format("the busiest generator thread used {} of a CPU",
                                percent(g.busiest_thread)),
                    "the generator was the limit: add --threads, or use several generators and "
                    "merge; with --pid it can tell when the server was the limit instead");
        }
        if (g.run_queue_wait > limits::kRunQueueWait) {
            generator_at_fault_ = true;
            invalid("generator",
                    fmt::format("a generator thread waited for a CPU for {} of the window",
                                percent(g.run_queue_wait)),
                    "give it CPUs of its own: --cpus here, other CPUs for the server, and end "
                    "other programs");
        }
    }
    if (c_.ceiling_rps > 0 && c_.ceiling_rps < limits::kCeiling * r_.throughput_rps) {
        flag("generator",
             fmt::format("the generator's ceiling ({:.4g}/s against its null server) is only "
                         "{:.3g} x the measured rate",
                         c_.ceiling_rps, c_.ceiling_rps / r_.throughput_rps),
             "add --threads or generators until the ceiling is 1.5 x the rate");
    }
    if (c_.shared_cpus) {
        flag("generator", "client and server may run on the same CPUs",
             "pin them apart: --cpus for the generator and for the server");
    }
}

bool Judge::backlog_grows() const {
    const double at_end = as_double(r_.in_flight_at_end);
    if (at_end < limits::kRateRequests) return false;
    if (at_end >= limits::kBacklogGrowth * r_.mean_in_flight) return true;
    // A long warm-up makes the mean large; the growth shows over the intervals all the same.
    std::vector<double> at;
    std::vector<double> in_flight;
    for (const Interval& interval : r_.intervals) {
        at.push_back(interval.at_s);
        in_flight.push_back(as_double(interval.in_flight));
    }
    const auto line = theil_sen(at, in_flight);
    return line && at.size() >= limits::kDriftIntervals &&
           line->slope_interval.low * r_.duration_s >
               limits::kRateShare * as_double(r_.accounting.scheduled);
}

void Judge::rate() {
    if (!c_.open_loop || !(r_.duration_s > 0)) return;
    const Accounting& a = r_.accounting;
    // Failures have a check of their own.
    const double answered = r_.throughput_rps * r_.duration_s + as_double(a.failed + a.timed_out);
    const double offered = as_double(a.scheduled);
    const double missing = offered - answered;
    if (std::abs(missing) <= std::max(limits::kRateShare * offered, limits::kRateRequests)) return;
    const std::string what = fmt::format("offered {:.5g}/s, achieved {:.5g}/s",
                                         offered / r_.duration_s, answered / r_.duration_s);
    if (generator_at_fault_) {
        invalid("rate", what, "the generator could not keep to its schedule: see its other checks");
    } else if (missing > 0 && backlog_grows()) {
        verdict_.overloaded = true;
        flag("rate",
             fmt::format("OVERLOADED: {}; what waits grew by {:.4g} requests/s to {}", what,
                         missing / r_.duration_s, r_.in_flight_at_end),
             "latencies of this run measure its length, not the server; lower the rate, or find "
             "the highest one with `loadgen search`");
    } else {
        flag("rate", what,
             missing > 0 ? "replies take long against the window: a longer --duration and --warmup"
                         : "a backlog of the warm-up was worked off: a longer --warmup");
    }
}

// In a closed loop by throughput, in an open one, whose throughput is given, by median latency.
void Judge::steadiness() {
    if (c_.rate_varies || verdict_.overloaded) return;
    std::vector<double> series;
    double before = 0;
    for (const Interval& interval : r_.intervals) {
        const double length = interval.at_s - std::exchange(before, interval.at_s);
        if (length < 0.5) continue;  // the rest of a window that is no whole number of seconds
        if (!c_.open_loop) {
            series.push_back(as_double(interval.completed) / length);
        } else if (interval.p50_us) {
            series.push_back(*interval.p50_us);
        }
    }
    series = thinned(series, kMostIntervals);
    if (series.size() < limits::kDriftIntervals) return;
    const std::size_t third = series.size() / 3;
    const double first = mean(std::span(series).first(third));
    const double last = mean(std::span(series).last(third));
    const double drift = share(last - first, first);
    if (std::abs(drift) <= limits::kDrift || !has_trend(series)) return;
    verdict_.rankable = false;
    flag("steady",
         fmt::format("not steady: {} drifted by {} from the first to the last third of the window",
                     c_.open_loop ? "median latency" : "throughput", percent(drift)),
         "a longer --warmup and --duration; look for what else the machine does");
}

void Judge::arrivals() {
    if (!c_.poisson || r_.sampled_gaps_s.size() < 30) return;
    std::vector<double> gaps = r_.sampled_gaps_s;
    for (double& gap : gaps) {
        if (gap >= 0) gap = std::max(gap, 0.5e-9);  // two starts in the same nanosecond
    }
    const auto a2 = anderson_darling_exponential(gaps);
    const double corrected = a2 ? *a2 * (1 + 0.6 / static_cast<double>(gaps.size())) : HUGE_VAL;
    if (corrected <= limits::kArrivals) return;
    const std::string what = fmt::format(
        "Anderson-Darling for exponential gaps: {:.4g} over {} gaps", corrected, gaps.size());
    if (corrected > limits::kArrivalsInvalid) {
        invalid("arrivals", what, "the arrivals are not Poisson: please report it with the JSON");
    } else {
        flag("arrivals", what + ", above the 5 % point 1.341",
             "one seed in twenty does this by chance; try another --seed");
    }
}

void Judge::samples() {
    if (r_.latency_us.count == 0 || r_.latency_us.p99) return;
    flag("samples",
         fmt::format("{} samples don't support a p99 ({} needed)", r_.latency_us.count,
                     samples_needed(99)),
         "a longer --duration");
}

void Judge::fairness() {
    const ConnectionCounts& k = r_.connections;
    if (c_.connections > 0 && k.served < c_.connections) {
        verdict_.rankable = false;
        flag("fairness",
             fmt::format("{} of {} connections got a reply, {} never did", k.served, c_.connections,
                         c_.connections - k.served),
             "a pool with fewer workers than connections serves the rest only later: a finding "
             "about the model; give it more workers to compare like with like");
    } else if (k.fairness < limits::kFairness && r_.requests > 0) {
        flag("fairness", fmt::format("Jain's fairness over connections is {:.3g}", k.fairness),
             "some connections get far more replies than others");
    }
    if (k.idle_lost > 0) {
        flag("fairness",
             fmt::format("the server closed {} of {} idle connections", k.idle_lost, k.idle),
             "raise the server's --idle-timeout or --max-connections");
    }
}

void Judge::network() {
    const ConnectionCounts& k = r_.connections;
    if (k.out_of_ports > 0) {
        invalid("network", fmt::format("{} connects found no free local port", k.out_of_ports),
                "fewer new connections (churn), or a wider net.ipv4.ip_local_port_range");
    }
    if (k.out_of_descriptors > 0) {
        invalid("network",
                fmt::format("{} connects found no free descriptor", k.out_of_descriptors),
                "raise the limit (ulimit -n) or lower --connections");
    }
    const auto overflows = r_.machine.listen_overflows.value_or(0);
    const auto drops = r_.machine.listen_drops.value_or(0);
    if (overflows + drops > 0) {
        invalid("network",
                fmt::format("the accept queue overflowed {} times, {} connects were dropped",
                            overflows, drops),
                "raise the server's --backlog and net.core.somaxconn");
    }
    if (r_.machine.retransmissions.value_or(0) > 0) {
        flag("network", fmt::format("{} TCP segments were sent again", *r_.machine.retransmissions),
             "their requests waited for a retransmission timer (200 ms and more)");
    }
}

void Judge::machine() {
    const MachineUse& m = r_.machine;
    if (m.steal_share.value_or(0) > limits::kSteal) {
        flag("machine",
             fmt::format("the hypervisor took {} of the CPU time", percent(*m.steal_share)),
             "repeat on a quieter host");
    }
    if (m.other_cpu_share.value_or(0) > limits::kOtherCpu) {
        flag("machine",
             fmt::format("other processes used {} of the CPU time", percent(*m.other_cpu_share)),
             "end other programs and repeat");
    }
    if (m.swapped_pages.value_or(0) > 0) {
        flag("machine", fmt::format("{} pages were swapped", *m.swapped_pages),
             "free memory before the run");
    }
    if (std::abs(m.clock_step_s.value_or(0)) > limits::kClockStep) {
        flag(
            "machine",
            fmt::format("the clock was set by {:.3g} s, or the machine suspended", *m.clock_step_s),
            "repeat the run");
    }
    if (m.frequency_change.value_or(0) > limits::kFrequencyChange) {
        flag("machine", fmt::format("a CPU's clock rate moved by {}", percent(*m.frequency_change)),
             "set the performance governor, or compare interleaved runs only");
    }
    if (!c_.trusted_build) {
        flag("machine", "this is a debug or sanitizer build", "measure with `make build`");
    }
}

void Judge::server() {
    if (r_.server && r_.server->died) {
        invalid("server", "the server died or restarted during the run", "see the server's log");
    }
    if (r_.server && r_.server->cgroup) {
        const CgroupUse& group = *r_.server->cgroup;
        if (group.throttled_periods.value_or(0) > 0) {
            flag("server",
                 fmt::format("its container was held back by its CPU limit in {} of {} periods",
                             *group.throttled_periods, group.periods.value_or(0)),
                 "its limit is what was measured: give it more CPUs, or ask for less");
        }
    }
    if (r_.clamped) {
        invalid("server", "a histogram met a value beyond its range of 73 minutes",
                "shorter runs, or a --timeout below an hour");
    }
    if (r_.interrupted) {
        flag("server", fmt::format("the run was interrupted after {:.3g} s", r_.duration_s),
             "let it run to its end");
    }
}

}  // namespace

Verdict judge(const RunResult& result, const VerdictContext& context) {
    return Judge(result, context).verdict();
}

}  // namespace echotrio::loadgen
