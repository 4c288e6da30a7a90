#include "loadgen/analysis/extras.hpp"

namespace echotrio::loadgen {

Result<PlanExtras> plan_extras(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                               const ExtrasRequest& request, const Rng& rng) {
    PlanExtras extras;
    if (!plan.choice) return extras;
    if (request.prices) extras.costs = plan_costs(models, plan, *request.prices, rng);
    if (request.growth) {
        extras.growth = plan_growth(models, plan, *request.growth, extras.costs, rng);
    }
    if (!request.autoscaling) return extras;
    auto scaling = plan_autoscaling(models[*plan.choice], plan.models[*plan.choice], plan.demand,
                                    *request.autoscaling);
    if (!scaling) return scaling.error();
    extras.autoscaling = std::move(*scaling);
    return extras;
}

}  // namespace echotrio::loadgen
