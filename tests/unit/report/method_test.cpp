// What a report says of how it was measured, by what was compared and how.
#include "loadgen/document/text.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/prediction_report.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace echotrio::loadgen {
namespace {

Experiment with_plan(const std::function<void(Plan&)>& change) {
    Experiment experiment = sample_experiment();
    Plan plan = *plan_from_json(experiment.settings);
    change(plan);
    experiment.settings = plan_to_json(plan);
    return experiment;
}

std::string report_of(const Experiment& experiment, const Companions& beside = {}) {
    return to_markdown(comparison_document(experiment, digest(experiment), beside));
}

std::size_t times(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
    return count;
}

TEST(Method, ServersThatRanAlreadyAreNotCalledFresh) {
    EXPECT_EQ(times(report_of(sample_experiment()), "Every trial has a freshly started server"),
              1U);
    const std::string text = report_of(with_plan([](Plan& plan) { plan.fresh_servers = false; }));
    EXPECT_EQ(times(text, "The servers ran already, the same for all trials"), 1U);
    EXPECT_EQ(times(text, "freshly started"), 0U);
}

TEST(Method, TheTitleNamesWhatWasCompared) {
    const auto title = [](const Experiment& experiment) {
        return comparison_document(experiment, digest(experiment), {}).title;
    };
    EXPECT_EQ(title(sample_experiment()), "echotrio: three concurrency models, one service");
    Experiment others = with_plan([](Plan& plan) {
        plan.variants = {{"nginx", "", {}}, {"caddy", "", {}}};
    });
    for (Trial& trial : others.trials) trial.point.variant = "nginx";
    EXPECT_EQ(title(others), "echotrio: nginx and caddy");
}

TEST(Method, OneServerIsNotCompared) {
    Experiment one = with_plan([](Plan& plan) { plan.variants = {{"threads", "threads", {}}}; });
    std::erase_if(one.trials, [](const Trial& trial) {
        return trial.point.variant != "threads" || trial.point.level.workload == "idle";
    });
    const std::string text = report_of(one);
    EXPECT_EQ(times(text, "there is nothing to compare it with"), 1U);
    EXPECT_EQ(times(text, "Too few valid trials"), 0U);
    EXPECT_EQ(times(text, "Own wait is what the model says"), 1U);
    for (Trial& trial : one.trials) trial.server_stats = nullptr;
    const std::string silent = report_of(one);
    EXPECT_EQ(times(silent, "CPU time and waits per request"), 1U);
    EXPECT_EQ(times(silent, "wn wait"), 0U) << "nobody has one";
}

TEST(Method, APredictionIsToldOnce) {
    Companions beside = sample_companions();
    Prediction prediction;
    prediction.not_testable = {"CPython 3.11.2: it did not start"};
    beside.prediction = prediction;
    const std::string heading = "## Does the model predict Python?";
    EXPECT_EQ(times(report_of(sample_experiment(), beside), heading), 1U);
    beside.claims->prediction = prediction;
    EXPECT_EQ(times(report_of(sample_experiment(), beside), heading), 1U);
}

// Two levels that differ in their rate alone.
TEST(Method, RatesAreNoCurveOverConnections) {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) {
        Level& level = trial.point.level;
        if (level.workload != "http") continue;
        level.rate = level.connections == 64 ? 1000 : 5000;
        level.connections = 64;
        trial.result.status_codes = {{"200", 10}, {"503", 1}};
    }
    const auto curves = [](const Experiment& of) {
        const auto charts = workload_charts(digest(of), "http", {});
        return std::count_if(charts.begin(), charts.end(), [](const Chart& chart) {
            return chart.title == "Throughput against connections";
        });
    };
    EXPECT_EQ(curves(experiment), 0);
    EXPECT_EQ(curves(sample_experiment()), 1);
    const std::string text = report_of(experiment);
    EXPECT_EQ(times(text, "| workload | connections | rate | model | 200 | 503 |"), 1U);
    EXPECT_EQ(times(text, "| workload | connections | rate | CPUs | model | repetition |"), 1U);
}

// Medians of few rounds can rank otherwise than the pairs in them; a card says what the pairs say.
TEST(Story, AFindingAgainstTheRankingIsThePairs) {
    const Experiment experiment = sample_experiment();
    Digest told = digest(experiment);
    const auto cards = [&] {
        Document document;
        document.sections = {story_section(told)};
        return to_markdown(document);
    };
    const std::string before = cards();
    EXPECT_EQ(times(before, "no difference shown"), 0U) << before;
    EXPECT_GE(times(before, ": coroutine 2.60x**"), 1U) << before;
    for (Comparison& c : told.comparisons) std::swap(c.numerator, c.denominator);
    const std::string after = cards();
    EXPECT_EQ(times(after, "no difference shown"), 0U) << after;
    EXPECT_EQ(times(after, ": coroutine 2.60x**"), 0U) << after;
}

TEST(Story, NoIntervalIsCertain) {
    Discoveries found;
    found.compared = 10;
    found.differences = 1;
    found.alpha = 1e-6;
    EXPECT_NE(multiplicity_text(found).find("one of more than 99.99 %"), std::string::npos);
    found.alpha = 0.001;
    EXPECT_NE(multiplicity_text(found).find("one of 99.9 %"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
