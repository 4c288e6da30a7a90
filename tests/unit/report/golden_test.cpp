// Console, Markdown and CSV of one fixed experiment, letter by letter. After an intended change:
// ECHOTRIO_UPDATE_GOLDEN=1 test_report, and look at the difference.
#include "loadgen/document/text.hpp"
#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/overlay.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace echotrio::loadgen {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(ECHOTRIO_GOLDEN) + "/" + name;
    if (std::getenv("ECHOTRIO_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ostringstream expected;
    expected << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(text, expected.str()) << path;
}

Document sample_document(const Experiment& experiment) {
    return comparison_document(experiment, digest(experiment), sample_companions());
}

TEST(Golden, Console) {
    const Experiment experiment = sample_experiment();
    expect_golden("console.txt", to_console(sample_document(experiment), {false, 120}));
}

TEST(Golden, ConsoleInColourOnANarrowTerminal) {
    const Experiment experiment = sample_experiment();
    expect_golden("console_narrow.txt", to_console(sample_document(experiment), {true, 60}));
}

TEST(Golden, Markdown) {
    const Experiment experiment = sample_experiment();
    expect_golden("report.md", to_markdown(sample_document(experiment)));
}

TEST(Golden, Csv) {
    expect_golden("trials.csv", to_csv(sample_experiment()));
}

TEST(Console, NoLineIsWiderThanTheTerminal) {
    const Experiment experiment = sample_experiment();
    for (const std::size_t width : {60U, 80U, 200U}) {
        std::istringstream lines(to_console(sample_document(experiment), {false, width}));
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(display_width(line), width) << line;
        }
    }
}

TEST(Console, ControlCharactersOfOthersStayOut) {
    Experiment experiment = sample_experiment();
    experiment.environment["cpu_model"] = "evil\x1b[31m\r\nname";
    const std::string text = to_console(sample_document(experiment), {false, 100});
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Markdown, MarkupOfOthersIsEscaped) {
    const Experiment experiment = sample_experiment();
    const std::string text = to_markdown(sample_document(experiment));
    EXPECT_EQ(text.find("<b>"), std::string::npos);
}

TEST(Golden, AnOverlay) {
    Experiment after = sample_experiment();
    for (Trial& trial : after.trials) {
        if (trial.point.variant == "threads") trial.result.throughput_rps *= 1.5;
    }
    const std::vector<Experiment> parts{sample_experiment(), after};
    const std::vector<std::string> names{"before", "after"};
    const Experiment both = overlay(parts, names);
    const Document document = overlay_document(parts, both, digest(both, Rounds::separate), names);
    expect_golden("overlay.md", to_markdown(document));
}

}  // namespace
}  // namespace echotrio::loadgen
