#include "loadgen/design/plan.hpp"

#include "common/base/check.hpp"
#include "common/base/rng.hpp"
#include "loadgen/models/models.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

// Starting and stopping a server, connecting, reading /proc and /stats: as seen on two cores.
constexpr Nanos kOverhead = milliseconds(400);
constexpr Nanos kFollowing = milliseconds(200);
constexpr Nanos kOverheadPerThousand = milliseconds(150);
constexpr Nanos kCrossCheck = milliseconds(1200);

void put_silent_first(const Plan& plan, std::vector<std::size_t>& levels) {
    const auto place = [&plan](std::size_t level) {
        const Workload* workload = find_workload(plan.workloads, plan.levels[level].workload);
        CHECK(workload != nullptr);
        return workload->silent ? plan.levels[level].connections
                                : std::numeric_limits<std::uint64_t>::max();
    };
    std::stable_sort(levels.begin(), levels.end(),
                     [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
}

}  // namespace

std::vector<TrialPoint> round_trials(const Plan& plan, std::uint64_t number,
                                     const std::vector<Level>& wanted) {
    const std::uint64_t round = number - 1;
    std::vector<std::size_t> levels(plan.levels.size());
    std::iota(levels.begin(), levels.end(), 0U);
    Rng(plan.seed).split(round).shuffle(levels);
    if (!plan.fresh_servers) put_silent_first(plan, levels);
    std::vector<TrialPoint> trials;
    for (const std::size_t level : levels) {
        const Level& where = plan.levels[level];
        const Workload* workload = find_workload(plan.workloads, where.workload);
        const bool done =
            workload != nullptr && workload->most_rounds > 0 && number > workload->most_rounds;
        if (done || std::find(wanted.begin(), wanted.end(), where) == wanted.end()) continue;
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < plan.variants.size(); ++i) {
            if (workload == nullptr || tries(plan.variants[i], *workload)) order.push_back(i);
        }
        // A block of as many rounds as variants shares one random order, turned on by one each
        // round: every variant is first, second ... once in it.
        const std::size_t variants = order.size();
        if (variants == 0) continue;
        Rng(plan.seed ^ 0x6c6174696eU).split(round / variants).split(level).shuffle(order);
        for (std::size_t i = 0; i < variants; ++i) {
            trials.push_back({plan.variants[order[(i + round) % variants]].label, where, number});
        }
    }
    return trials;
}

std::vector<TrialPoint> order_trials(const Plan& plan) {
    std::vector<TrialPoint> trials;
    for (std::uint64_t round = 1; !plan.variants.empty() && round <= plan.repetitions; ++round) {
        const auto more = round_trials(plan, round, plan.levels);
        trials.insert(trials.end(), more.begin(), more.end());
    }
    return trials;
}

bool is_open_ended(const Plan& plan) {
    return plan.precision > 0 || plan.budget > Nanos(0);
}

std::vector<TrialPoint> remaining_trials(const Plan& plan, const std::vector<Trial>& done) {
    std::vector<TrialPoint> left = order_trials(plan);
    std::erase_if(left, [&](const TrialPoint& point) {
        return std::any_of(done.begin(), done.end(), [&](const Trial& trial) {
            return !trial.superseded && !trial.result.interrupted && trial.point == point;
        });
    });
    return left;
}

const Variant& variant_of(const Plan& plan, const TrialPoint& point) {
    const auto found = std::find_if(plan.variants.begin(), plan.variants.end(),
                                    [&](const Variant& v) { return v.label == point.variant; });
    CHECK(found != plan.variants.end());
    return *found;
}

const Workload& workload_of(const Plan& plan, const TrialPoint& point) {
    const Workload* workload = find_workload(plan.workloads, point.level.workload);
    CHECK(workload != nullptr);
    return *workload;
}

bool is_cross_checked(const Plan& plan, const TrialPoint& point) {
    const Workload& workload = workload_of(plan, point);
    return plan.cross_check && point.repetition <= plan.cross_check_rounds &&
           workload.load.target.scheme == Scheme::http && workload.name == "http" &&
           point.level.rate == 0 && workload.load.rate.empty();
}

bool has_silent_workload(const Plan& plan) {
    return std::any_of(plan.workloads.begin(), plan.workloads.end(),
                       [](const Workload& workload) { return workload.silent; });
}

std::uint64_t most_silent_connections(const Plan& plan) {
    std::uint64_t most = 0;
    for (const Level& level : plan.levels) {
        const Workload* workload = find_workload(plan.workloads, level.workload);
        if (workload != nullptr && workload->silent) most = std::max(most, level.connections);
    }
    return most;
}

Nanos estimated_duration(const Plan& plan, const TrialPoint& point) {
    const Workload& workload = workload_of(plan, point);
    Nanos total = kOverhead + workload.load.warmup + workload.load.duration;
    if (!plan.follow_memory && !workload.silent) total -= kFollowing;
    total += kOverheadPerThousand * static_cast<Nanos::rep>(point.level.connections) / 1000;
    if (is_cross_checked(plan, point)) total += kCrossCheck;
    const bool starves = is_pool(variant_of(plan, point).model) && !workload.silent &&
                         point.level.connections > workload.most_workers;
    if (starves) total += workload.load.timeout;
    return total;
}

Nanos estimated_duration(const Plan& plan, const std::vector<TrialPoint>& points) {
    Nanos total{0};
    for (const TrialPoint& point : points) total += estimated_duration(plan, point);
    return total;
}

Nanos spent_on(const Plan& plan, const std::vector<Trial>& done) {
    Nanos total{0};
    if (const auto probe = probe_plan(plan)) {
        total += estimated_duration(*probe, order_trials(*probe));
    }
    for (const Trial& trial : done) total += estimated_duration(plan, trial.point);
    return total;
}

}  // namespace echotrio::loadgen
