// The cards at a report's head: every sentence is about the loads that it seems to be about.
#include "loadgen/design/plan.hpp"
#include "loadgen/design/workload.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// The sample as `steady`: two equal rates for all models.
Experiment at_two_rates() {
    Experiment experiment = sample_on_one_and_two_cpus();
    Plan plan;
    for (const Workload& workload : standard_workloads()) {
        if (workload.name == "steady") plan.workloads.push_back(workload);
    }
    experiment.settings = plan_to_json(plan);
    for (Trial& trial : experiment.trials) {
        Level& level = trial.point.level;
        level.workload = "steady";
        level.rate = level.server_cpus == 1 ? 1000 : 5000;
        level.server_cpus = 0;
    }
    return experiment;
}

const Card& only_card(const Document& document) {
    const auto story = std::find_if(document.sections.begin(), document.sections.end(),
                                    [](const Section& s) { return s.id == "story"; });
    return std::get<Cards>(story->blocks.front()).cards.at(0);
}

// A sentence without a level is read as one about the level of the sentence before it.
TEST(Story, EverySentenceIsReadAtItsOwnLevel) {
    const Experiment experiment = at_two_rates();
    const Digest digested = digest(experiment);
    const Document document = comparison_document(experiment, digested);
    const Card& card = only_card(document);
    double rate = 0;
    std::size_t slow = 0, fast = 0;
    for (const std::string& sentence : card.precise) {
        if (sentence.starts_with("at 64 connections and 1,000 requests/s: ")) rate = 1000;
        if (sentence.starts_with("at 64 connections and 5,000 requests/s: ")) rate = 5000;
        (rate == 1000 ? slow : fast) += 1;
        const auto is_said = [&](const Comparison& c) {
            return c.level.rate == rate && sentence.ends_with(c.sentence);
        };
        EXPECT_TRUE(std::any_of(digested.comparisons.begin(), digested.comparisons.end(), is_said))
            << sentence << ", read at " << rate;
    }
    EXPECT_TRUE(card.precise.front().starts_with("at 64 connections and 5,000 requests/s: "));
    EXPECT_GT(slow, 0U);
    EXPECT_GT(fast, 2U);
}

// The best may be told from one of the others only, and then it is not said that there is nothing.
TEST(Story, ACardSaysThatNothingIsShownOnlyWhereNothingIs) {
    const Experiment experiment = at_two_rates();
    const auto value_where = [&](Direction of_others, const std::string& told_apart) {
        Digest digested = digest(experiment);
        const std::string best = only_card(comparison_document(experiment, digested)).value;
        for (Comparison& c : digested.comparisons) {
            const bool has_the_best =
                best.starts_with(c.numerator + ' ') || best.starts_with(c.denominator + ' ');
            const bool has_the_other = c.numerator == told_apart || c.denominator == told_apart;
            if (!has_the_best || !has_the_other) c.finding = of_others;
        }
        return only_card(comparison_document(experiment, digested)).value;
    };
    EXPECT_EQ(value_where(Direction::no_difference, "nobody"), "no difference shown");
    EXPECT_EQ(value_where(Direction::not_known, "nobody"), "one round: no finding");
    for (const auto others : {Direction::no_difference, Direction::not_known}) {
        EXPECT_EQ(value_where(others, "threads"), "not all told apart");
    }
}

}  // namespace
}  // namespace echotrio::loadgen
