// Every form of a report says how many CPUs both sides had, and tells of one and of all.
#include "loadgen/document/text.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/overlay.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

Document document_of(const Experiment& experiment) {
    return comparison_document(experiment, digest(experiment));
}

const Section* find_section(const Document& document, const std::string& id) {
    const auto& all = document.sections;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Section& s) { return s.id == id; });
    return found == all.end() ? nullptr : &*found;
}

// The first block of that kind in the section.
template <class T>
const T* block_in(const Document& document, const std::string& id) {
    const Section* section = find_section(document, id);
    if (section == nullptr) return nullptr;
    for (const Block& block : section->blocks) {
        if (const T* found = std::get_if<T>(&block)) return found;
    }
    return nullptr;
}

TEST(CpusInReports, StandInEveryRow) {
    const Experiment experiment = sample_on_one_and_two_cpus();
    const Document document = document_of(experiment);
    const Table* table = block_in<Table>(document, "http");
    ASSERT_NE(table, nullptr);
    const auto& columns = table->columns;
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [](const Column& c) { return c.title == "CPUs"; });
    ASSERT_NE(column, columns.end());
    EXPECT_EQ(column->importance, 0) << "a narrow terminal drops it";
    const auto at = static_cast<std::size_t>(column - columns.begin());
    ASSERT_EQ(table->rows.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(table->rows[i][at].text, i < 3 ? "1 + 1" : "2 + 1 shared");
    }
    EXPECT_EQ(table->caption, kCpusColumn);
    for (const std::string& text : {to_console(document, {false, 60}), to_markdown(document)}) {
        EXPECT_NE(text.find("2 + 1 shared"), std::string::npos);
        EXPECT_NE(text.find(kCpusColumn), std::string::npos);
    }
}

TEST(CpusInReports, TheCardTellsOfBoth) {
    const Document document = document_of(sample_on_one_and_two_cpus());
    const Cards* cards = block_in<Cards>(document, "story");
    ASSERT_NE(cards, nullptr);
    ASSERT_EQ(cards->cards.size(), 1U);
    const Card& card = cards->cards.front();
    EXPECT_TRUE(card.sentence.ends_with(", on 2 CPUs, at 64 connections")) << card.sentence;
    ASSERT_FALSE(card.more.empty());
    EXPECT_TRUE(card.more.back().starts_with("on 1 CPU: coroutine ")) << card.more.back();
    EXPECT_TRUE(card.precise.front().starts_with("on 2 CPUs, at 64 connections: "));
    EXPECT_TRUE(card.precise.back().starts_with("on 1 CPU, at 64 connections: "));
    ASSERT_TRUE(card.chart);
    EXPECT_NE(card.chart->title.find("on 2 CPUs"), std::string::npos) << card.chart->title;
}

TEST(CpusInReports, TheCardSaysWhereNothingCounts) {
    Experiment experiment = sample_on_one_and_two_cpus();
    for (Trial& trial : experiment.trials) {
        if (trial.point.level.server_cpus == 2) trial.result.verdict.valid = false;
    }
    const Document document = document_of(experiment);
    const Cards* cards = block_in<Cards>(document, "story");
    ASSERT_NE(cards, nullptr);
    const Card& card = cards->cards.front();
    EXPECT_TRUE(card.sentence.ends_with(", on 1 CPU, at 64 connections")) << card.sentence;
    EXPECT_EQ(card.more.back(), "on 2 CPUs: too few trials count to compare the models");
}

TEST(CpusInReports, TheCardTellsWhereTheMostModelsCount) {
    Experiment experiment = sample_on_one_and_two_cpus();
    for (Trial& trial : experiment.trials) {
        const TrialPoint& point = trial.point;
        if (point.level.server_cpus == 2 && point.variant == "prefork") {
            trial.result.verdict.valid = false;
        }
    }
    const Document document = document_of(experiment);
    const Cards* cards = block_in<Cards>(document, "story");
    ASSERT_NE(cards, nullptr);
    const Card& card = cards->cards.front();
    EXPECT_TRUE(card.sentence.ends_with(", on 1 CPU, at 64 connections")) << card.sentence;
    EXPECT_TRUE(card.more.back().starts_with("on 2 CPUs: coroutine ")) << card.more.back();
}

TEST(CpusInReports, ChartsAreOfTheMost) {
    const Document document = document_of(sample_on_one_and_two_cpus());
    const Chart* chart = block_in<Chart>(document, "http");
    ASSERT_NE(chart, nullptr);
    EXPECT_NE(chart->caption.find("The server on 2 CPUs."), std::string::npos) << chart->caption;
    const Chart* ratios = block_in<Chart>(document, "ratios-section");
    ASSERT_NE(ratios, nullptr);
    for (const std::string& label : ratios->x.labels) {
        EXPECT_TRUE(label.starts_with("http on 2 CPUs: ")) << label;
    }
}

TEST(CpusInReports, AnOverlaySaysWhereTheyDiffer) {
    const Experiment before = sample_on_one_and_two_cpus();
    Experiment after = before;
    for (Trial& trial : after.trials) trial.result.cpus = {1, 3, true, {}, {}};
    const std::vector<std::string> names{"before", "after"};
    const Experiment both = overlay({before, after}, names);
    const std::string text =
        to_markdown(overlay_document({before, after}, both, digest(both), names));
    EXPECT_NE(text.find("1 + 3, before 1 + 1"), std::string::npos) << text.substr(0, 2000);
    EXPECT_NE(text.find("1 + 3, before 2 + 1 shared"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
