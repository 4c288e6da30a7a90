#include "tests/unit/analysis/verdict_cases.hpp"

#include "common/base/rng.hpp"

#include <cmath>

namespace echotrio::loadgen::verdict_cases {
namespace {

// A closed loop of 64 connections over 10 s: 40,000 requests/s of 1.6 ms each.
RunResult closed_run() {
    RunResult r;
    r.requests = 400'000;
    r.throughput_rps = 40'000;
    r.duration_s = 10;
    r.mean_in_flight = 64;
    r.in_flight_at_end = 64;
    r.latency_us.count = r.requests;
    r.latency_us.mean = 1600;
    r.latency_us.p50 = 1500;
    r.latency_us.p99 = 3000;
    r.accounting = {400'064, 400'064, 400'000, 0, 0, 64, 0};
    r.total = {440'064, 440'064, 440'064, 0, 0, 0, 0};
    r.connections.opened = r.connections.served = 64;
    r.connections.fairness = 0.999;
    r.generator.busiest_thread = 0.5;
    r.generator.threads = 1;
    for (int i = 1; i <= 10; ++i) {
        Interval second;
        second.at_s = i;
        second.due = second.completed = 40'000;
        second.in_flight = 64;
        r.intervals.push_back(second);
    }
    return r;
}

VerdictContext closed_context() {
    VerdictContext c;
    c.connections = 64;
    c.concurrency = 64;
    return c;
}

// An open loop at 10,000 requests/s over 10 s, latency 1 ms, p99 2 ms.
RunResult open_run() {
    RunResult r = closed_run();
    r.requests = 100'000;
    r.throughput_rps = 10'000;
    r.mean_in_flight = 10;
    r.in_flight_at_end = 10;
    r.latency_us = {100'000, 1000, 100, 900, 1000, 1500, 2000, 2500, 3000, 3500};
    r.lateness_us = {100'000, 20, 10, 1, 20, 40, 80, 100, 200, 300};
    r.accounting = {100'000, 100'000, 99'990, 0, 0, 10, 0};
    r.total = {110'000, 110'000, 110'000, 0, 0, 0, 0};
    for (Interval& i : r.intervals) {
        i.due = i.completed = 10'000;
        i.in_flight = 10;
        i.p50_us = 1000;
    }
    return r;
}

VerdictContext open_context() {
    VerdictContext c;
    c.open_loop = true;
    c.connections = 64;
    c.concurrency = 64;
    return c;
}

// What several rows change.

void count_on_the_server(RunResult& r, VerdictContext& c, std::uint64_t count) {
    r.total = {440'064, 440'064, 440'000, 3, 4, 57, 0};
    c.server_requests = count;
}

// Little's law is not the matter there.
void fail(RunResult& r, std::uint64_t failed, std::uint64_t timed_out) {
    r.latency_us.mean.reset();
    r.accounting = {400'000, 400'000, 400'000 - failed - timed_out, failed, timed_out, 0, 0};
}

void late(RunResult& r, double lateness_us) {
    r.lateness_us.p99 = lateness_us;
    r.latency_us.p99 = 40'000;
}

// A generator that is busy, beside a server of so many threads that used so many CPU seconds of 20.
void busy_beside(RunResult& r, VerdictContext& c, std::uint64_t threads, double cpu_s) {
    r.generator.busiest_thread = 0.97;
    r.server.emplace();
    r.server->threads = threads;
    r.server->cpu_s = cpu_s;
    c.server_cpus = 2;
}

// A slow run of so many requests of 200 offered.
void few(RunResult& r, std::uint64_t requests) {
    r.requests = requests;
    r.throughput_rps = static_cast<double>(requests) / 10;
    r.accounting = {200, 200, 200, 0, 0, 0, 0};
    r.latency_us.count = 400;
}

// Poisson arrivals.
void draw(RunResult& r, VerdictContext& c, double asked, std::uint64_t drawn) {
    c.poisson = true;
    c.asked = asked;
    r.requests = drawn;
    r.throughput_rps = static_cast<double>(drawn) / 10;
    r.accounting = {drawn, drawn, drawn, 0, 0, 0, 0};
    r.latency_us.count = 400;
}

// Up and back down again within 40 s: no slope, but a unit root.
void wander(RunResult& r) {
    r.intervals.clear();
    Rng rng(4);
    double level = 40'000;
    for (int i = 1; i <= 40; ++i) {
        level += (i <= 25 ? 900 : -900) + 150 * rng.normal();
        Interval interval;
        interval.at_s = i;
        interval.completed = static_cast<std::uint64_t>(level);
        r.intervals.push_back(interval);
    }
}

// Gaps of a Weibull distribution; 1 is the exponential one, that of Poisson arrivals.
void arrive(RunResult& r, VerdictContext& c, double shape) {
    c.poisson = true;
    Rng rng(5);
    if (shape != 1) {
        for (int i = 0; i < 1000; ++i) rng.exponential();
    }
    for (int i = 0; i < 1000; ++i) {
        r.sampled_gaps_s.push_back(1e-4 * std::pow(rng.exponential(), 1 / shape));
    }
}

}  // namespace

void fall_short(RunResult& r, std::uint64_t missing, std::uint64_t at_end, double mean) {
    r.requests = 100'000 - missing;
    r.throughput_rps = static_cast<double>(r.requests) / 10;
    r.in_flight_at_end = at_end;
    r.mean_in_flight = mean;
}

void drift(RunResult& r, double by) {
    for (std::size_t i = 0; i < r.intervals.size(); ++i) {
        // those are 7 steps apart
        const double factor = 1 + by * (static_cast<double>(i) - 1) / 7;
        r.intervals[i].completed = static_cast<std::uint64_t>(1e6 * factor);
        r.intervals[i].p50_us = 1e3 * factor;
    }
}

const std::vector<Row> kRows{
    {"a good closed loop", closed, [](auto&, auto&) {}, clean},
    {"a good open loop", open, [](auto&, auto&) {}, clean},

    {"one wrong byte", closed, [](auto& r, auto&) { r.errors.mismatch = 1; }, invalid, "integrity",
     "1 replies differ"},
    {"bytes that nobody asked for", closed, [](auto& r, auto&) { r.errors.stray = 1; }, invalid,
     "integrity", "1 times bytes came"},
    {"one unsent more than scheduled", closed, [](auto& r, auto&) { r.accounting.unsent = 1; },
     invalid, "integrity", "does not hold"},
    {"one completed less in total", closed, [](auto& r, auto&) { r.total.completed -= 1; }, invalid,
     "integrity", "does not hold"},
    {"the server counted what completed", closed,
     [](auto& r, auto& c) { count_on_the_server(r, c, 440'000); }, clean},
    {"the server counted what was sent", closed,
     [](auto& r, auto& c) { count_on_the_server(r, c, 440'064); }, clean},
    {"the server counted less than completed", closed,
     [](auto& r, auto& c) { count_on_the_server(r, c, 439'999); }, invalid, "integrity",
     "the server counted"},
    {"the server counted more than was sent", closed,
     [](auto& r, auto& c) { count_on_the_server(r, c, 440'065); }, invalid, "integrity",
     "the server counted"},
    {"Little's law within 2 %", closed, [](auto& r, auto&) { r.latency_us.mean = 1600 * 0.981; },
     clean},
    {"Little's law beyond 2 %", closed, [](auto& r, auto&) { r.latency_us.mean = 1600 * 0.979; },
     invalid, "integrity", "Little's law"},
    {"the time was spent thinking", closed,
     [](auto& r, auto& c) {
         r.latency_us.mean = 1600 * 0.979;
         c.think_s = 1600e-6 * 0.021;
     },
     clean},
    {"churn: connecting takes time of its own", closed,
     [](auto& r, auto& c) {
         r.latency_us.mean = 1600 * 0.979;
         c.concurrency = 0;
     },
     clean},
    {"the window's edges are too much of it", closed,
     [](auto& r, auto&) {
         r.latency_us.mean = 1600 * 0.979;
         r.requests = 64 * 100 - 1;
         r.accounting = {6463, 6463, 6399, 0, 0, 64, 0};
     },
     clean},

    {"one of a thousand failed", closed, [](auto& r, auto&) { fail(r, 200, 200); }, flagged,
     "failures", "400 of 400,000 requests failed (200"},
    {"one more", closed, [](auto& r, auto&) { fail(r, 200, 201); }, invalid, "failures",
     "401 of 400,000"},
    {"connects failed", closed, [](auto& r, auto&) { r.errors.connect = 2; }, flagged, "failures",
     "2 connects failed"},
    {"redirects", closed,
     [](auto& r, auto&) {
         r.status_codes = {{"200", 9}, {"302", 7}};
     },
     flagged, "failures", "7 replies are redirects (302)"},
    {"answers to a condition are no redirects", closed,
     [](auto& r, auto&) {
         r.status_codes = {{"200", 9}, {"304", 7}};
     },
     clean},
    {"nothing completed", closed,
     [](auto& r, auto&) {
         r.requests = 0;
         r.throughput_rps = 0;
         r.latency_us = {};
         r.accounting = {64, 64, 0, 0, 0, 64, 0};
         r.intervals.clear();
     },
     invalid, "failures", "no request completed"},
    {"failures are not a rate that was missed", open,
     [](auto& r, auto&) {
         fall_short(r, 5000, 10, 10);
         r.accounting = {100'000, 100'000, 95'000, 5000, 0, 0, 0};
     },
     invalid, "failures", "5,000 of 100,000"},
    {"few arrivals were drawn", open, [](auto& r, auto& c) { draw(r, c, 100, 74); }, flagged,
     "arrivals", "74 arrivals were drawn where 100"},
    {"many arrivals were drawn", open, [](auto& r, auto& c) { draw(r, c, 100, 126); }, flagged,
     "arrivals", "126 arrivals were drawn where 100"},
    {"that few are chance", open, [](auto& r, auto& c) { draw(r, c, 100, 75); }, clean},
    {"a hundredth of many does not matter", open,
     [](auto& r, auto& c) { draw(r, c, 1'000'000, 990'001); }, clean},
    {"constant arrivals are not drawn", open,
     [](auto& r, auto& c) {
         draw(r, c, 100, 74);
         c.poisson = false;
     },
     clean},

    {"a millisecond late", open, [](auto& r, auto&) { r.lateness_us.p99 = 1000; }, clean},
    {"later than a millisecond", open, [](auto& r, auto&) { r.lateness_us.p99 = 1001; }, invalid,
     "lateness", "is 1.00 µs more than the 1.00 ms allowed"},
    {"a twentieth of the latency late", open, [](auto& r, auto&) { late(r, 1001); }, clean},
    {"later than a twentieth of the latency", open, [](auto& r, auto&) { late(r, 2001); }, invalid,
     "lateness", "is 1.00 µs more than the 2.00 ms allowed"},
    {"late for want of a free connection", open,
     [](auto& r, auto&) {
         late(r, 2001);
         r.generator.send_delay_p99_us = 50;
     },
     clean},
    {"late with a free connection", open,
     [](auto& r, auto&) {
         late(r, 5000);
         r.generator.send_delay_p99_us = 2001;
     },
     invalid, "lateness", "is 1.00 µs more"},
    {"a closed loop has no schedule", closed,
     [](auto& r, auto&) {
         r.lateness_us = open_run().lateness_us;
         r.lateness_us.p99 = 5000;
     },
     clean},

    {"a generator that is just not the limit", closed,
     [](auto& r, auto&) {
         r.generator.busiest_thread = 0.90;
         r.generator.run_queue_wait = 0.02;
     },
     clean},
    {"a busy generator", closed, [](auto& r, auto&) { r.generator.busiest_thread = 0.901; },
     invalid, "generator", "used 90.1 % of a CPU"},
    {"a generator that waits for a CPU", closed,
     [](auto& r, auto&) { r.generator.run_queue_wait = 0.0201; }, invalid, "generator",
     "waited for a CPU for 2.01 %"},
    {"the server's one thread was the limit", closed,
     [](auto& r, auto& c) { busy_beside(r, c, 1, 9.0); }, clean},
    {"its one thread was not", closed, [](auto& r, auto& c) { busy_beside(r, c, 1, 8.9); }, invalid,
     "generator", "used 97 %"},
    {"its threads could have used both CPUs", closed,
     [](auto& r, auto& c) { busy_beside(r, c, 5, 9.0); }, invalid, "generator", "used 97 %"},
    {"its threads used both CPUs", closed, [](auto& r, auto& c) { busy_beside(r, c, 5, 18.0); },
     clean},
    {"its threads took turns", closed,
     [](auto& r, auto& c) {
         busy_beside(r, c, 5, 9.0);
         c.one_at_a_time = true;
     },
     clean},
    {"its threads took turns and had time left", closed,
     [](auto& r, auto& c) {
         busy_beside(r, c, 5, 8.9);
         c.one_at_a_time = true;
     },
     invalid, "generator", "used 97 %"},
    {"its threads were to take turns and did not", closed,
     [](auto& r, auto& c) {
         busy_beside(r, c, 5, 11.1);
         c.one_at_a_time = true;
     },
     invalid, "generator", "used 97 %"},
    {"a ceiling half as much again", closed, [](auto&, auto& c) { c.ceiling_rps = 60'000; }, clean},
    {"a lower ceiling", closed, [](auto&, auto& c) { c.ceiling_rps = 59'999; }, flagged,
     "generator", "ceiling"},
    {"CPUs shared with the server", closed, [](auto&, auto& c) { c.shared_cpus = true; }, flagged,
     "generator", "same CPUs"},

    {"a hundredth of the rate is missing", open,
     [](auto& r, auto&) { fall_short(r, 1000, 1000, 500); }, clean},
    {"an overloaded server", open, [](auto& r, auto&) { fall_short(r, 1001, 1001, 667); }, flagged,
     "rate", "OVERLOADED: offered 10,000/s"},
    {"how its backlog grew", open, [](auto& r, auto&) { fall_short(r, 1001, 1001, 667); }, flagged,
     "rate", "grew by 100 requests/s to 1,001"},
    {"a slow but steady server", open,
     [](auto& r, auto&) {
         // Replies take 0.3 s and there was no warm-up: 3,000 requests are always in flight.
         fall_short(r, 3000, 3000, 2900);
         for (Interval& i : r.intervals) i.in_flight = 3000;
     },
     flagged, "rate", "offered"},
    {"more than was offered: the warm-up's backlog", open,
     [](auto& r, auto&) {
         r.requests = 102'000;
         r.throughput_rps = 10'200;
     },
     flagged, "rate", "offered"},
    {"twenty requests short is chance", open, [](auto& r, auto&) { few(r, 180); }, clean},
    {"twenty-one are not", open, [](auto& r, auto&) { few(r, 179); }, flagged, "rate", "offered"},

    {"a drift below 5 %", closed, [](auto& r, auto&) { drift(r, 0.0499); }, clean},
    {"a drift above 5 %", closed, [](auto& r, auto&) { drift(r, 0.0501); }, flagged, "steady",
     "throughput"},
    {"a drift downwards", closed, [](auto& r, auto&) { drift(r, -0.06); }, flagged, "steady",
     "throughput"},
    {"an open loop's drift below 5 %", open, [](auto& r, auto&) { drift(r, 0.0499); }, clean},
    {"an open loop's drift above 5 %", open, [](auto& r, auto&) { drift(r, 0.0501); }, flagged,
     "steady", "median latency"},
    {"the rate was to vary", open,
     [](auto& r, auto& c) {
         drift(r, 1.0);
         c.rate_varies = true;
     },
     clean},
    {"five seconds show no trend", closed,
     [](auto& r, auto&) {
         drift(r, 1.0);
         r.intervals.resize(5);
     },
     clean},
    {"noise without a trend", closed,
     [](auto& r, auto&) {
         const double noise[] = {9, 1, 9, 2, 8, 1, 9, 9, 9, 4};  // thirds differ by 16 %
         for (std::size_t i = 0; i < 10; ++i) {
             r.intervals[i].completed = static_cast<std::uint64_t>(40'000 + 2000 * noise[i]);
         }
     },
     clean},
    {"a run of 40 s that wanders", closed, [](auto& r, auto&) { wander(r); }, flagged, "steady",
     "throughput"},
    {"the last part of a second is not a second", closed,
     [](auto& r, auto&) {
         Interval rest;
         rest.at_s = 10.2;
         rest.completed = 100;
         r.intervals.push_back(rest);
     },
     clean},

    {"Poisson arrivals", open, [](auto& r, auto& c) { arrive(r, c, 1); }, clean},
    {"constant gaps are not Poisson", open,
     [](auto& r, auto& c) {
         c.poisson = true;
         r.sampled_gaps_s.assign(1000, 1e-4);
     },
     invalid, "arrivals", "1,000 gaps"},
    {"nobody asked for Poisson", open, [](auto& r, auto&) { r.sampled_gaps_s.assign(1000, 1e-4); },
     clean},
    {"gaps hardly to be told from exponential ones", open,
     [](auto& r, auto& c) { arrive(r, c, 1.06); }, flagged, "arrivals", "5 % point"},
    {"a gap that rounds to nothing at a nanosecond", open,
     [](auto& r, auto& c) {
         arrive(r, c, 1);
         r.sampled_gaps_s[7] = 0;
     },
     clean},
    {"a negative gap", open,
     [](auto& r, auto& c) {
         arrive(r, c, 1);
         r.sampled_gaps_s[7] = -1;
     },
     invalid, "arrivals", "1,000 gaps"},

    {"too few samples for a percentile", closed,
     [](auto& r, auto&) {
         r.latency_us.count = 367;
         r.latency_us.p99.reset();
     },
     flagged, "samples", "367 samples"},

    {"fair enough", closed, [](auto& r, auto&) { r.connections.fairness = 0.95; }, clean},
    {"not fair", closed, [](auto& r, auto&) { r.connections.fairness = 0.949; }, flagged,
     "fairness", "0.949"},
    {"starved connections", closed,
     [](auto& r, auto&) {
         r.connections.fairness = 0.949;
         r.connections.served = 10;
     },
     flagged, "fairness", "10 of 64 connections got a reply"},
    {"idle connections that ended", closed,
     [](auto& r, auto&) {
         r.connections.idle = 100;
         r.connections.idle_lost = 3;
     },
     flagged, "fairness", "3 of 100 idle"},

    {"out of ports", closed, [](auto& r, auto&) { r.connections.out_of_ports = 1; }, invalid,
     "network", "local port"},
    {"out of descriptors", closed, [](auto& r, auto&) { r.connections.out_of_descriptors = 1; },
     invalid, "network", "descriptor"},
    {"a listen queue that overflowed", closed,
     [](auto& r, auto&) { r.machine.listen_overflows = 1; }, invalid, "network",
     "overflowed 1 times"},
    {"a connect that was dropped", closed, [](auto& r, auto&) { r.machine.listen_drops = 1; },
     invalid, "network", "1 connects were dropped"},
    {"a retransmission", closed, [](auto& r, auto&) { r.machine.retransmissions = 1; }, flagged,
     "network", "1 TCP segments"},
    {"counted, and nothing happened", closed,
     [](auto& r, auto&) {
         r.machine.listen_overflows = r.machine.listen_drops = r.machine.retransmissions = 0;
     },
     clean},

    {"a quiet machine", closed,
     [](auto& r, auto&) {
         r.machine.steal_share = 0.005;
         r.machine.other_cpu_share = 0.02;
         r.machine.swapped_pages = 0;
         r.machine.clock_step_s = 0.001;
         r.machine.frequency_change = 0.05;
     },
     clean},
    {"stolen CPU time", closed, [](auto& r, auto&) { r.machine.steal_share = 0.0051; }, flagged,
     "machine", "0.51 %"},
    {"other programs", closed, [](auto& r, auto&) { r.machine.other_cpu_share = 0.0201; }, flagged,
     "machine", "2.01 %"},
    {"swapping", closed, [](auto& r, auto&) { r.machine.swapped_pages = 1; }, flagged, "machine",
     "1 pages"},
    {"a clock that was set back", closed, [](auto& r, auto&) { r.machine.clock_step_s = -0.0011; },
     flagged, "machine", "clock"},
    {"another clock rate", closed, [](auto& r, auto&) { r.machine.frequency_change = 0.051; },
     flagged, "machine", "5.1 %"},
    {"a build that is not for measuring", closed, [](auto&, auto& c) { c.trusted_build = false; },
     flagged, "machine", "sanitizer"},

    {"a server that was measured", closed, [](auto& r, auto&) { r.server.emplace(); }, clean},
    {"a server that died", closed, [](auto& r, auto&) { r.server.emplace().died = true; }, invalid,
     "server", "died"},
    {"values beyond the histogram", closed, [](auto& r, auto&) { r.clamped = true; }, invalid,
     "server", "histogram"},
    {"an interrupted run", closed, [](auto& r, auto&) { r.interrupted = true; }, flagged, "server",
     "interrupted after 10.0 s"},
    {"a throttled server", closed,
     [](auto& r, auto&) {
         CgroupUse& group = r.server.emplace().cgroup.emplace();
         group.periods = 100;
         group.throttled_periods = 3;
     },
     flagged, "server", "in 3 of 100 periods"},
    {"counters read a twentieth of the window late", closed,
     [](auto&, auto& c) { c.readings_off_s = 0.5; }, clean},
    {"counters read in the middle of the window", closed,
     [](auto&, auto& c) { c.readings_off_s = 5; }, flagged, "server",
     "its counters were read 5.00 s beside the ends of a window of 10.0 s"},
};

const std::vector<Row>& rows_of_one_generator() {
    return kRows;
}

Verdict judge_changed(Loop loop, Changes changes) {
    RunResult r = loop == Loop::open ? open_run() : closed_run();
    VerdictContext c = loop == Loop::open ? open_context() : closed_context();
    changes(r, c);
    return judge(r, c);
}

}  // namespace echotrio::loadgen::verdict_cases
