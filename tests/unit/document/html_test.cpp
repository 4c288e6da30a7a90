// The page: one file, nothing from elsewhere, strings of others escaped. What it draws is asked of
// a browser in tests/browser.
#include "loadgen/document/html.hpp"

#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/report_files.hpp"
#include "tests/support/sample_experiment.hpp"
#include "tests/support/sanitized.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

std::string sample_page() {
    const Experiment experiment = sample_experiment();
    const Digest told = digest(experiment);
    return experiment_page(experiment, told,
                           comparison_document(experiment, told, sample_companions()));
}

TEST(Html, NeedsNothingFromElsewhere) {
    const std::string page = sample_page();
    for (const char* outside :
         {"<script src", "<link rel=\"stylesheet\"", "@import", "<img", "<iframe"}) {
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
    }
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
    EXPECT_LT(page.size(), 3U << 20U);
}

TEST(Html, EscapesWhatOthersWrote) {
    const std::string page = sample_page();
    EXPECT_EQ(page.find("<b>markup"), std::string::npos);
    EXPECT_EQ(page.find("<b>yielding"), std::string::npos);
    EXPECT_NE(page.find("&lt;b&gt;markup &amp; &quot;quotes&quot;&lt;/b&gt;"), std::string::npos);
}

TEST(Html, DataCannotEndTheScript) {
    Document document;
    Chart chart;
    chart.id = "x";
    chart.series = {{"</script><script>alert(1)</script>", "", {{1, 2}}}};
    document.sections = {{"s", "s", {chart}}};
    const std::string page = to_html(document, {});
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
}

TEST(Html, HasTheLicenceOfWhatItContains) {
    const std::string page = sample_page();
    EXPECT_NE(page.find("Chart.js v"), std::string::npos);
    EXPECT_NE(page.find("Permission is hereby granted"), std::string::npos);
}

TEST(Html, ALargeExperimentStaysASmallPage) {
    if (test::kSanitized) GTEST_SKIP() << "minutes under a sanitizer, for a size";
    const Experiment experiment = maximal_experiment();
    ASSERT_EQ(experiment.trials.size(), 1920U);
    const Digest told = digest(experiment);
    const std::string page = experiment_page(
        experiment, told, comparison_document(experiment, told, sample_companions()));
    EXPECT_LT(page.size(), 3'000'000U);
}

TEST(Html, EveryChartHasItsTable) {
    const std::string page = sample_page();
    const auto count = [&](std::string_view what) {
        std::size_t n = 0;
        for (std::size_t at = 0; (at = page.find(what, at)) != std::string::npos; ++at) ++n;
        return n;
    };
    EXPECT_GT(count("<canvas id="), 3U);
    EXPECT_EQ(count("<canvas id="), count("<summary>Figures</summary>"));
}

}  // namespace
}  // namespace echotrio::loadgen
