#include "loadgen/analysis/autoscaling.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/analysis/costs.hpp"
#include "loadgen/analysis/instance.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr double kGrain = 0.05;        // of a CPU: requests are rounded up to that
constexpr double kPolicySeconds = 15;  // over which a scaling policy counts
constexpr double kUsualPods = 4;       // that the autoscaler adds in that time by default
constexpr double kGoodRoom = 0.1;      // of the capacity, for the rise until pods have started
constexpr double kTellsLittle = 0.25;  // CPUs: below that idle noise drowns what the load does

std::uint64_t count_up(double value) {
    return to_count(std::ceil(value - 1e-9));
}

class Autoscaler {
  public:
    Autoscaler(const MeasuredModel& model, const ModelPlan& plan, const Demand& demand)
        : m_(model), p_(plan), d_(demand) {}

    Result<AutoscalingPlan> plan(const AutoscalingRequest& request) {
        a_.model = m_.name;
        a_.request = request;
        a_.rate = d_.rate;
        a_.headroom = d_.headroom;
        if (const Status one = one_pod(); !one) return one.error();
        reaction();
        if (const Status target = aim(); !target) return target.error();
        replicas();
        take_notes();
        return std::move(a_);
    }

  private:
    Status one_pod();
    void reaction();
    Status aim();
    void replicas();
    void take_notes();
    std::string why_nothing_is_saved() const;
    // Of the capacity, what a pod has left when the autoscaler begins to act.
    double room() const { return a_.share_to_keep - (1 + kTolerance) * a_.target_share; }

    const MeasuredModel& m_;
    const ModelPlan& p_;
    const Demand& d_;
    AutoscalingPlan a_;
};

Status Autoscaler::one_pod() {
    const auto used = p_.level ? m_.levels[*p_.level].cpus_used() : std::nullopt;
    if (!used || !(*used > 0) || !p_.capacity_rps) {
        return Error{fmt::format("{}: the results do not tell how much CPU it used at its capacity",
                                 m_.name)};
    }
    a_.capacity_rps = *p_.capacity_rps;
    const auto& interval = a_.capacity_rps.interval;
    a_.planned_rps = interval && interval->low > 0 ? interval->low : a_.capacity_rps.value;
    a_.cpus_at_capacity = *used * a_.planned_rps / a_.capacity_rps.value;
    a_.request_cpus = kGrain * std::ceil(*used / kGrain - 1e-9);
    return Done{};
}

void Autoscaler::reaction() {
    a_.starts = m_.ready_s.size();
    for (const double start : m_.ready_s) a_.ready_s = std::max(a_.ready_s, start);
    a_.reaction_s = a_.request.metrics_s + a_.request.sync_s + a_.request.pod_s + a_.ready_s;
    a_.rises_rps = d_.rate * a_.request.ramp.share * a_.reaction_s / a_.request.ramp.seconds;
}

// A whole percentage at most as high as the headroom wants it.
Status Autoscaler::aim() {
    a_.share_to_keep = usable_share(a_.planned_rps, d_.objective, 0);
    const double share = std::min(1 - d_.headroom, a_.share_to_keep);
    const double of_request = a_.cpus_at_capacity / a_.request_cpus;
    a_.target_percent = static_cast<int>(std::floor(100 * share * of_request + 1e-9));
    a_.target_share = a_.target_percent / 100.0 / of_request;
    if (a_.target_percent >= 1 && room() > 0) return Done{};
    const auto headroom_for = [&](double left) {
        return static_cast<int>(100 * (1 - (a_.share_to_keep - left) / (1 + kTolerance))) + 1;
    };
    constexpr int kMostHeadroom = 95;  // that --headroom takes
    if (headroom_for(kGoodRoom) > kMostHeadroom) {
        return Error{
            fmt::format("a pod is so slow that waiting by chance takes the objective's time "
                        "at {:.0f} % of its capacity: no --headroom leaves room to react in",
                        a_.share_to_keep * 100)};
    }
    return Error{fmt::format(
        "a headroom of {:.0f} % leaves no room to react in: the autoscaler acts when the load is "
        "{:.0f} % above its target, and by then must be below {:.0f} % of the capacity; at least "
        "--headroom {} is needed, {} leaves a tenth of a pod to the rise",
        d_.headroom * 100, kTolerance * 100, a_.share_to_keep * 100, headroom_for(0),
        headroom_for(kGoodRoom))};
}

void Autoscaler::replicas() {
    a_.for_ramp = std::max<std::uint64_t>(1, count_up(a_.rises_rps / (a_.planned_rps * room())));
    if (d_.connections > 0 && m_.connection_limit) {
        a_.for_connections = count_up(static_cast<double>(d_.connections) /
                                      static_cast<double>(*m_.connection_limit));
    }
    const std::uint64_t needed = std::max(a_.for_ramp, a_.for_connections);
    const std::uint64_t at_most =
        std::max(count_up(d_.rate / (a_.planned_rps * a_.target_share)), a_.for_connections);
    a_.least = needed + kSpares;
    a_.most = std::max(needed, at_most) + kSpares;
    a_.ramp_at_least =
        static_cast<double>(needed) * a_.planned_rps * room() / a_.reaction_s / d_.rate;
    const double rise = d_.rate * a_.request.ramp.share * kPolicySeconds / a_.request.ramp.seconds;
    a_.pods_per_period =
        to_count(std::max(kUsualPods, std::ceil(rise / (a_.planned_rps * a_.target_share)) + 1));
}

// The minimum is the maximum: for which of three reasons.
std::string Autoscaler::why_nothing_is_saved() const {
    if (a_.most == 1 + kSpares) {
        return "one pod carries the whole demand: with its spare there is nothing to scale";
    }
    if (a_.for_connections > a_.for_ramp) {
        return "the connections take as many pods at any time as the rate does at its most: the "
               "autoscaler saves nothing";
    }
    return "the demand rises faster than pods start: the minimum is all that there will ever be, "
           "and the autoscaler saves nothing";
}

void Autoscaler::take_notes() {
    if (a_.starts == 0) {
        a_.notes.push_back(
            "the start of the server itself was not measured (it ran already): add it to "
            "--pod-start");
    }
    if (!a_.capacity_rps.interval) {
        a_.notes.push_back("the capacity is of a single repetition: nobody knows how sure it is");
    }
    if (a_.least >= a_.most) a_.notes.push_back(why_nothing_is_saved());
    const double all_cpus = static_cast<double>(a_.most) * a_.request_cpus;
    for (const std::string& broken :
         limits_broken(d_, Estimate{all_cpus, std::nullopt}, memory_needed(m_, p_, d_, a_.most))) {
        a_.notes.push_back("at its maximum, the spare included, it " + broken);
    }
    if (a_.cpus_at_capacity < kTellsLittle) {
        a_.notes.push_back(
            fmt::format("at its capacity a pod uses {} CPUs only: it waits, and CPU is a poor sign "
                        "of its load; requests or connections a pod would be a better one",
                        format_count(a_.cpus_at_capacity)));
    }
    if (a_.for_connections > 1) {
        a_.notes.push_back("the minimum holds all connections, which CPU tells nothing of");
    }
}

}  // namespace

Result<AutoscalingPlan> plan_autoscaling(const MeasuredModel& model, const ModelPlan& plan,
                                         const Demand& demand, const AutoscalingRequest& request) {
    return Autoscaler(model, plan, demand).plan(request);
}

}  // namespace echotrio::loadgen
