// Do the models predict Python? Each is given the weight of an interpreter by one measurement, and
// what both then do under other loads is compared, round by round.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/claims/claims.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/results/prediction.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// Its name where experiments are chosen.
inline constexpr const char* kPredictionId = "prediction";

// Measures the cost, then the rest; what was found before the context's stop is there. `says` is
// told what is measured next. With the context's folder the trials are kept in it, "cost in" and
// "prediction of" each Python. Error: the trials can't be kept.
Result<Prediction> predict(const ClaimContext& context, const std::vector<Python>& pythons,
                           const std::function<void(const std::string&)>& says);

// The models and a Python's twins on one connection, one request after the other: what a request
// costs each. And the same under other loads, the models with these costs. For tests.
Plan cost_plan(const ClaimContext& context, const Python& python);
Plan prediction_plan(const ClaimContext& context, const Python& python,
                     const std::vector<BaseCost>& costs);

// From their trials, as with_twins() laid them out. Pure.
std::vector<BaseCost> base_costs(const Python& python, const Trials& models, const Trials& twins);
std::vector<PredictedFigure> predicted_figures(const Python& python, const Trials& models,
                                               const Trials& twins);
// Inconclusive, and why, become all figures but those in bytes, which neither CPU time nor others
// on the machine change: where `others` used more of it, 0 to 1, than a claim allows, and those of
// a model whose base cost is not sure to a quarter of it. Pure.
void weigh_prediction(std::vector<PredictedFigure>& figures, const std::vector<BaseCost>& costs,
                      std::optional<double> others);

}  // namespace echotrio::loadgen
