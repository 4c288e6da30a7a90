#include "loadgen/analysis/growth.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr std::array kSteps{0.0, 1.0, 3.0, 6.0, 12.0, 24.0, 36.0};  // months

double months_of(const PercentPer& growth) {
    return growth.seconds / (kDaysPerMonth * kSecondsPerDay);
}

// Until the demand is so many times today's.
double months_until(double times, const PercentPer& growth) {
    if (!(times > 1)) return 0;
    return std::log(times) / std::log1p(growth.share) * months_of(growth);
}

Estimate months_until(const Estimate& times, const PercentPer& growth) {
    Estimate months{months_until(times.value, growth), std::nullopt};
    if (times.interval) {
        months.interval = Bounds{months_until(times.interval->low, growth),
                                 months_until(times.interval->high, growth)};
    }
    return months;
}

// Largest counts stay countable; what lies beyond needs more instances than any plan has.
Demand grown(const Demand& demand, double times) {
    Demand then = demand;
    then.rate *= times;
    then.connections = to_count(std::ceil(static_cast<double>(demand.connections) * times));
    return then;
}

class Foretelling {
  public:
    Foretelling(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                const PercentPer& growth)
        : models_(models), plan_(plan), growth_(growth) {}

    Outgrown of(const std::string& model, const std::string& kind, std::uint64_t instances,
                const Carrying& one) const {
        Outgrown told;
        told.model = model;
        told.kind = kind;
        told.instances = instances;
        told.headroom_used = months_until(
            times_carried(one, instances, plan_.demand, plan_.demand.headroom), growth_);
        told.objective_lost = months_until(times_carried(one, instances, plan_.demand, 0), growth_);
        return told;
    }
    std::vector<Outgrown> measured() const;
    std::vector<Outgrown> bought(const CostPlan& costs) const;
    GrowthStep step(double months, const std::optional<CostPlan>& costs, const Rng& rng) const;

  private:
    void count_as_measured(GrowthStep& step) const;

    std::span<const MeasuredModel> models_;
    const CapacityPlan& plan_;
    const PercentPer& growth_;
};

std::vector<Outgrown> Foretelling::measured() const {
    const ModelPlan& choice = plan_.models[*plan_.choice];
    const MeasuredModel& model = models_[*plan_.choice];
    const Carrying one = as_measured(model, choice);
    Demand unspared = plan_.demand;
    unspared.headroom = 0;
    const auto within = [&](Estimate& months, const Demand& demand, std::uint64_t n) {
        const Estimate times = times_within_limits(model, choice, demand, n);
        months = smaller_of(months, months_until(times, growth_));
    };
    std::vector<Outgrown> all;
    for (const std::uint64_t n : {choice.instances, std::uint64_t{1}}) {
        if (!all.empty() && all.back().instances == n) continue;
        all.push_back(of(choice.model, "", n, one));
        all.back().what =
            fmt::format("{} of {}, as measured", format_plural(n, "instance"), choice.model);
        within(all.back().headroom_used, plan_.demand, n);
        within(all.back().objective_lost, unspared, n);
    }
    return all;
}

// The cheapest today, and the one instance of the list that carries the most of that model.
std::vector<Outgrown> Foretelling::bought(const CostPlan& costs) const {
    std::vector<Outgrown> all;
    if (costs.options.empty()) return all;
    const CostOption& cheapest = costs.options.front();
    const std::string& model = plan_.models[cheapest.model].model;
    const auto name = [&](const CostOption& option) {
        return costs.prices.kinds[option.kind].name;
    };
    all.push_back(of(model, name(cheapest), cheapest.instances.value, cheapest.one));
    all.back().what =
        fmt::format("{} x {}, the cheapest today ({})",
                    format_exact_count(cheapest.instances.value), name(cheapest), model);
    const CostOption* largest = nullptr;
    double most = 0;
    for (const CostOption& option : costs.options) {
        if (option.model != cheapest.model) continue;
        const double times =
            times_carried(option.one, 1, plan_.demand, plan_.demand.headroom).value;
        if (largest == nullptr || times > most) {
            largest = &option;
            most = times;
        }
    }
    all.push_back(of(model, name(*largest), 1, largest->one));
    all.back().what = fmt::format("a single {}, the largest for it ({})", name(*largest), model);
    return all;
}

void Foretelling::count_as_measured(GrowthStep& step) const {
    const ModelPlan& choice = plan_.models[*plan_.choice];
    const MeasuredModel& model = models_[*plan_.choice];
    const auto count = count_for(as_measured(model, choice), step.demand);
    if (!count) return;
    const auto broken = limits_broken(step.demand, cores_needed(choice, step.demand),
                                      memory_needed(model, choice, step.demand, count->value));
    step.refused = fmt::format("{}", fmt::join(broken, "; "));
    if (!broken.empty()) return;
    step.instances = count;
    step.model = choice.model;
}

GrowthStep Foretelling::step(double months, const std::optional<CostPlan>& costs,
                             const Rng& rng) const {
    GrowthStep step;
    step.months = months;
    const double times = std::pow(1 + growth_.share, months / months_of(growth_));
    CapacityPlan then = plan_;
    then.demand = step.demand = grown(plan_.demand, times);
    if (!costs) {
        count_as_measured(step);
        return step;
    }
    const CostPlan priced = plan_costs(models_, then, costs->prices, rng);
    if (priced.options.empty()) {
        step.refused = "no kind of the price list carries it";
        return step;
    }
    const CostOption& cheapest = priced.options.front();
    step.model = plan_.models[cheapest.model].model;
    step.kind = priced.prices.kinds[cheapest.kind].name;
    step.instances = cheapest.instances;
    step.extrapolated = cheapest.extrapolated;
    step.per_month = per_month(cheapest.per_hour);
    return step;
}

}  // namespace

GrowthPlan plan_growth(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                       const PercentPer& growth, const std::optional<CostPlan>& costs, Rng rng) {
    GrowthPlan result;
    result.growth = growth;
    const Foretelling foretelling(models, plan, growth);
    result.outgrown = costs ? foretelling.bought(*costs) : foretelling.measured();
    for (const double months : kSteps) {
        result.steps.push_back(foretelling.step(months, costs, rng));
    }
    return result;
}

}  // namespace echotrio::loadgen
