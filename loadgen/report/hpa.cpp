// The autoscaler as Kubernetes reads it (autoscaling/v2). Checked against the API's schema by
// tests/docker/kubernetes_check.py.
#include "common/base/units.hpp"
#include "loadgen/report/plan_costs.hpp"
#include "loadgen/report/plan_words.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kLongestLabel = 63;

// A name as Kubernetes takes it (RFC 1123): "threads without lock" -> "threads-without-lock".
std::string label_of(const std::string& model) {
    std::string label;
    for (const char c : model) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte < 0x80 && std::isalnum(byte) != 0;
        if (plain) label += static_cast<char>(std::tolower(byte));
        if (!plain && !label.empty() && label.back() != '-') label += '-';
    }
    label.resize(std::min(label.size(), kLongestLabel));
    while (label.ends_with('-')) label.pop_back();
    return label.empty() ? "server" : label;
}

std::string percent(double share) {
    return format_short(share * 100) + " %";
}

// With a tenth where that may be seen in what follows from it.
std::string rps(double value) {
    constexpr double kLarge = 1000;
    const bool whole = value >= kLarge || value == std::round(value);
    return group_digits(whole ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value)) +
           " requests/s";
}

// A comment per line; a figure is as it was calculated with, so that it can be done again by hand.
class Comments {
  public:
    template <class... T>
    void line(fmt::format_string<T...> form, T&&... values) {
        std::string said = fmt::format(form, std::forward<T>(values)...);
        // A file's name may hold what would end the comment.
        std::replace_if(
            said.begin(), said.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; },
            '?');
        text_ += "# " + said + "\n";
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

void say_pod(Comments& say, const AutoscalingPlan& a) {
    say.line("One pod carries {} requests/s as measured; planned with {}.",
             with_interval(a.capacity_rps, format_count), rps(a.planned_rps));
    say.line(
        "At that rate it uses {} CPUs. Utilization is a share of what it requests, so it must "
        "request",
        format_count(a.cpus_at_capacity));
    say.line("    resources: {{requests: {{cpu: {:.0f}m}}}}", a.request_cpus * 1000);
    say.line("Target: {} % of the request, {} of its capacity ({} headroom, rounded down).",
             a.target_percent, percent(a.target_share), percent(a.headroom));
}

void say_reaction(Comments& say, const AutoscalingPlan& a) {
    say.line("Until what was ordered serves:");
    say.line("    {:>7} s  until the metrics show the rise (--metrics-delay; not measured)",
             format_short(a.request.metrics_s));
    say.line("  + {:>7} s  until the autoscaler looks (--hpa-sync; not measured)",
             format_short(a.request.sync_s));
    say.line(
        "  + {:>7} s  until the pod is placed, its image there, its probe passed (--pod-start; not "
        "measured)",
        format_short(a.request.pod_s));
    if (a.starts > 0) {
        say.line(
            "  + {:>7} s  until the server takes connections, the slowest of {} measured starts",
            format_short(a.ready_s), format_exact_count(a.starts));
    }
    say.line("  = {:>7} s", format_short(a.reaction_s));
}

void say_replicas(Comments& say, const AutoscalingPlan& a) {
    const double room = a.share_to_keep - (1 + kTolerance) * a.target_share;
    say.line("In that time the demand rises by at most {} x {} s x {} = {}.",
             format_percent_per(a.request.ramp), format_short(a.reaction_s), rps(a.rate),
             rps(a.rises_rps));
    say.line("The autoscaler acts {} above its target at the latest. A pod then has room for",
             percent(kTolerance));
    say.line("    {} - {} x {} = {} of its capacity, {}.", percent(a.share_to_keep),
             format_short(1 + kTolerance), percent(a.target_share), percent(room),
             rps(a.planned_rps * room));
    say.line("minReplicas: {} / {} = {}, so {}{}; + {} spare (one may fail) = {}.",
             rps(a.rises_rps), rps(a.planned_rps * room),
             format_count(a.rises_rps / (a.planned_rps * room)), format_plural(a.for_ramp, "pod"),
             a.for_connections > a.for_ramp ? fmt::format(", and {} for the connections",
                                                          format_exact_count(a.for_connections))
                                            : "",
             kSpares, format_exact_count(a.least));
    say.line("    Without the spare that bears a rise of up to {} of {} per min.",
             percent(a.ramp_at_least * 60), rps(a.rate));
    say.line(
        "maxReplicas: {} / ({} x {}), rounded up, and no fewer than the minimum; + {} spare = {}.",
        rps(a.rate), rps(a.planned_rps), percent(a.target_share), kSpares,
        format_exact_count(a.most));
}

}  // namespace

std::string hpa_yaml(const AutoscalingPlan& a, const CapacityPlan& plan, const PlanSource& source) {
    Comments say;
    say.line("An autoscaler for {}, by loadgen plan from {}{}.", a.model, source.file,
             source.workload.empty() ? "" : ", workload " + source.workload);
    say.line("Demand: {}; it rises by at most {} (of {}).", demand_text(plan.demand),
             format_percent_per(a.request.ramp), rps(a.rate));
    say_pod(say, a);
    say_reaction(say, a);
    say_replicas(say, a);
    for (const std::string& note : a.notes) say.line("NOTE: {}.", note);
    say.line("Calculated from measurements of one server, not tried on a cluster.");
    std::string text = say.take();
    const std::string label = label_of(a.model);
    text += fmt::format(R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {0}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {0}
  minReplicas: {1}
  maxReplicas: {2}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {3}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      selectPolicy: Max
      policies:
        - {{type: Percent, value: 100, periodSeconds: 15}}
        - {{type: Pods, value: {4}, periodSeconds: 15}}
    scaleDown:
      stabilizationWindowSeconds: 300
)",
                        label, a.least, a.most, a.target_percent, a.pods_per_period);
    return text;
}

}  // namespace echotrio::loadgen
