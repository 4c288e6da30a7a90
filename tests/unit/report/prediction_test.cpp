// "Does the model predict Python?": what is said of which figures, and the JSON there and back.
#include "loadgen/document/html.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/report/claims_report.hpp"
#include "loadgen/report/prediction_report.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

PredictedFigure figure(const std::string& name, const std::string& unit, double model, double twin,
                       Ranged ratio, Agreement agrees) {
    return {"CPython 3.11.2",
            "threads",
            "py-threads 3.11",
            "tiny requests",
            name,
            unit,
            {model, model * 0.9, model * 1.1},
            {twin, twin * 0.9, twin * 1.1},
            ratio,
            4,
            agrees};
}

Prediction sample() {
    Prediction prediction;
    prediction.base_costs = {{"CPython 3.11.2",
                              "threads",
                              "py-threads 3.11",
                              {9, 8, 10},
                              {34, 33, 35},
                              {25, 24, 26},
                              3}};
    prediction.figures = {
        figure("p99", "us", 17000, 18000, {1.06, 0.97, 1.15}, Agreement::agrees),
        figure("rate", "1/s", 30000, 20000, {0.67, 0.6, 0.74}, Agreement::differs),
        figure("p50", "us", 140, 150, {1.07}, Agreement::inconclusive)};
    prediction.figures.back().why = "the machine was busy";
    return prediction;
}

TEST(PredictionReport, SaysWhereItHoldsAndWhereNot) {
    Document document;
    document.sections = {prediction_section(sample())};
    for (const std::string& text : {to_markdown(document), to_console(document, {})}) {
        for (const char* part :
             {"Does the model predict Python?", "Of 3 figures 1 agrees, 1 differs, 1 inconclusive.",
              "0.67 (0.6 to 0.74)", "1.07, no interval", "--base-cost",
              "1 figure is inconclusive whatever the ratio: the machine was busy ("}) {
            EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
        }
    }
    const std::string page = to_html(document, {});
    EXPECT_NE(page.find("prediction-times"), std::string::npos);
    EXPECT_NE(page.find("x_low"), std::string::npos);
}

TEST(PredictionReport, WithoutFiguresNothingIsSaid) {
    Prediction nothing;
    nothing.not_testable = {"CPython 3.11.2: it did not start"};
    Document document;
    document.sections = {prediction_section(nothing)};
    const std::string text = to_markdown(document);
    EXPECT_NE(text.find("it did not start"), std::string::npos);
    EXPECT_NE(text.find("No figure could be compared"), std::string::npos);
    EXPECT_EQ(text.find("agree"), std::string::npos);
}

TEST(PredictionReport, JsonThereAndBack) {
    JudgedClaims judged;
    judged.prediction = sample();
    Claim claim{"one", "A sentence", ClaimVerdict::supported};
    ClaimSubject subject{"CPython 3.11.2", ClaimVerdict::refuted};
    subject.evidence["x"] = 3;
    subject.reason = "measured";
    subject.ratios = {{"x", {1.5, 1.3, 1.7}, Agreement::differs}};
    subject.agrees = Agreement::differs;
    claim.subjects = {subject};
    judged.claims = {claim};
    const auto json = claims_to_json(judged, nullptr, 1);
    const auto& written = json.at("claims")[0].at("subjects")[0];
    EXPECT_EQ(written.at("name"), "CPython 3.11.2");
    const auto& figures = json.at("prediction").at("figures");
    EXPECT_EQ(figures[2].at("why"), "the machine was busy");
    EXPECT_FALSE(figures[0].contains("why"));
    EXPECT_EQ(written.at("verdict"), "refuted");
    EXPECT_EQ(written.at("agrees"), "differs");
    EXPECT_EQ(written.at("evidence").at("x"), 3);
    const auto back = claims_from_json(json);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(claims_to_json(*back, nullptr, 1), json);
    // Older files have neither.
    auto older = json;
    older.erase("prediction");
    older["claims"][0].erase("subjects");
    const auto old = claims_from_json(older);
    ASSERT_TRUE(old) << old.error().message;
    EXPECT_FALSE(old->prediction);
    EXPECT_TRUE(old->claims[0].subjects.empty());
    const std::string text = to_markdown(claims_document(*back));
    EXPECT_NE(
        text.find(
            "CPython 3.11.2: refuted; the size of the effect differs: x 1.5 (1.3 to 1.7) times"),
        std::string::npos)
        << text;
}

}  // namespace
}  // namespace echotrio::loadgen
