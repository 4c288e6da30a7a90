// The capacity plan as JSON; the keys under "usl" are those of docs/contract.md.
#include "loadgen/report/plan_costs.hpp"
#include "loadgen/report/plan_report.hpp"
#include "loadgen/report/plan_words.hpp"
#include "loadgen/results/result_json.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostConnections = 1e15;  // beyond that a double is no count any more

Json fit_to_json(const ScalingStudy& study) {
    const ScalingFit& full = study.full;
    const auto peak_n = full.at.peak_n();
    Json json{
        {"model", name_of(study.preferred)},
        {"sigma", full.at.sigma},
        {"kappa", full.at.kappa},
        {"lambda", full.at.lambda},
        {"rss", full.rss},
        {"sigma_at_bound", full.sigma_at_bound},
        {"kappa_at_bound", full.kappa_at_bound},
        {"peak_n", known(peak_n)},
        {"peak_x", peak_n ? Json(full.at.throughput(*peak_n)) : Json(nullptr)},
        {"peak_extrapolated", peak_n && *peak_n > kExtrapolation * full.largest_n},
        {"limit", known(full.at.limit())},
        {"ci95",
         {{"sigma", bounds_to_json(full.sigma)},
          {"kappa", bounds_to_json(full.kappa)},
          {"lambda", bounds_to_json(full.lambda)}}},
        {"bootstrap95",
         {{"sigma", bounds_to_json(study.bootstrap_sigma)},
          {"kappa", bounds_to_json(study.bootstrap_kappa)},
          {"lambda", bounds_to_json(study.bootstrap_lambda)}}},
        {"bic",
         {{"linear", study.linear.bic}, {"amdahl", study.amdahl.bic}, {"usl", study.full.bic}}},
        {"holdout_error", known(study.holdout_error)},
        {"points", study.points},
        {"distinct_n", study.distinct},
        {"largest_n", full.largest_n}};
    Json& curve = json["curve"] = Json::array();
    // Of the preferred model, up to twice the largest measured N, by equal ratios.
    for (int i = 0; i <= 32; ++i) {
        const double n = std::pow(2 * full.largest_n, i / 32.0);
        const auto at = study.best().predict(n);
        curve.push_back({{"n", n},
                         {"x", at.x},
                         {"ci95", bounds_to_json(at.interval)},
                         {"extrapolated", at.extrapolated}});
    }
    return json;
}

Json rate_to_json(const std::optional<MeasuredRate>& rate) {
    if (!rate) return nullptr;
    return {{"rate_rps", rate->rate},
            {"connections", rate->connections},
            {"latency_us", rate->latency_us > 0 ? Json(rate->latency_us) : Json(nullptr)},
            {"starved", rate->starved},
            {"overloaded", rate->overloaded}};
}

Json model_to_json(const ModelPlan& m) {
    return {{"model", m.model},
            {"meets", m.meets},
            {"reasons", m.reasons},
            {"notes", m.notes},
            {"instances", m.instances > 0 ? Json(m.instances) : Json(nullptr)},
            {"instances_least", known(m.instances_least)},
            {"instances_most", known(m.instances_most)},
            {"sized_by", m.sized_by},
            {"cores", estimate_to_json(m.cores)},
            {"cores_upper", known(m.cores_upper)},
            {"memory_bytes", estimate_to_json(m.memory_bytes)},
            {"utilization", known(m.utilization)},
            {"queueing_stretch", known(m.stretch)},
            {"queueing_stretch_apart", known(m.stretch_apart)},
            {"queueing_tail_us", known(m.queueing_tail_us)},
            {"capacity_rps", estimate_to_json(m.capacity_rps)},
            {"last_pass", rate_to_json(m.last_pass)},
            {"first_fail", rate_to_json(m.first_fail)},
            {"cores_per_100k_rps", estimate_to_json(m.cores_per_100k)},
            {"cores_per_100k_rps_upper", known(m.cores_per_100k_upper)},
            {"connections_per_gib", estimate_to_json(m.connections_per_gib)},
            {"bytes_per_connection", estimate_to_json(m.bytes_per_connection)},
            {"memory_kernel", m.bytes_per_connection ? Json(name_of(m.kernel)) : Json(nullptr)},
            {"bottleneck", m.bottleneck},
            {"usl", m.scaling ? fit_to_json(*m.scaling) : Json(nullptr)},
            {"usl_refused", m.scaling ? Json(nullptr) : Json(m.scaling_refused)}};
}

Json demand_to_json(const Demand& d) {
    const auto asked = [](double value) { return value > 0 ? Json(value) : Json(nullptr); };
    return {{"rate_rps", asked(d.rate)},
            {"connections", d.connections > 0 ? Json(d.connections) : Json(nullptr)},
            {"slo", d.objective ? Json(format_objective(*d.objective)) : Json(nullptr)},
            {"memory_bytes", known(d.memory_bytes)},
            {"cores", known(d.cores)},
            {"headroom", d.headroom}};
}

// A number of the demand, 0 where null: not asked.
double asked(const Json& demand, const char* key) {
    const Json& value = demand.at(key);
    const double number = value.is_null() ? 0 : value.get<double>();
    if (!(number >= 0)) throw std::runtime_error(std::string(key) + " is below 0");
    return number;
}

}  // namespace

Result<PlanRequest> plan_request_from_json(const Json& json) {
    if (const Status ours = check_schema(json); !ours) return ours.error();
    try {
        if (json.value("kind", "") != "plan") return Error{"not what loadgen plan --json wrote"};
        PlanRequest request;
        if (const Json& workload = json.at("source").at("workload"); workload.is_string()) {
            request.workload = workload.get<std::string>();
        }
        if (request.workload.empty()) return Error{"a plan from a CSV file, not from results"};
        const Json& demand = json.at("demand");
        request.demand.rate = asked(demand, "rate_rps");
        request.demand.connections =
            static_cast<std::uint64_t>(std::min(asked(demand, "connections"), kMostConnections));
        if (const Json& slo = demand.at("slo"); slo.is_string()) {
            auto objective = parse_objective(slo.get<std::string>());
            if (!objective) return objective.error();
            request.demand.objective = *objective;
        }
        if (const double bytes = asked(demand, "memory_bytes"); bytes > 0) {
            request.demand.memory_bytes = bytes;
        }
        if (const double cores = asked(demand, "cores"); cores > 0) request.demand.cores = cores;
        request.demand.headroom = asked(demand, "headroom");
        if (request.demand.headroom >= 1) return Error{"headroom must be below 1"};
        auto extras = extras_request_from_json(json);
        if (!extras) return extras.error();
        if (extras->autoscaling && !(request.demand.rate > 0)) {
            return Error{"an autoscaler without a rate"};
        }
        request.extras = std::move(*extras);
        return request;
    } catch (const std::exception& wrong) {
        return Error{wrong.what()};
    }
}

Json capacity_to_json(const CapacityPlan& plan, const PlanSource& source) {
    Json json{{"schema_version", kSchemaVersion},
              {"kind", "plan"},
              {"source",
               {{"file", source.file},
                {"workload", source.workload.empty() ? Json(nullptr) : Json(source.workload)},
                {"cpus", source.cpus.empty() ? Json(nullptr) : Json(source.cpus)}}},
              {"demand", demand_to_json(plan.demand)}};
    if (source.workload.empty() && !plan.models.empty()) {
        const ModelPlan& only = plan.models.front();
        json["usl"] = only.scaling ? fit_to_json(*only.scaling) : Json(nullptr);
        json["usl_refused"] = only.scaling ? Json(nullptr) : Json(only.scaling_refused);
    }
    Json& models = json["models"] = Json::array();
    for (const ModelPlan& model : plan.models) models.push_back(model_to_json(model));
    json["answer"] = nullptr;
    if (plan.demand.asks_for_something()) {
        json["answer"] = {{"model", plan.choice ? Json(plan.models[*plan.choice].model) : Json()},
                          {"sentence", answer_sentence(plan)}};
    }
    return json;
}

}  // namespace echotrio::loadgen
