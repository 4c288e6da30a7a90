// What the forms of a report have in common, over experiments of every magnitude: how figures are
// written, and that status codes are told.
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/document/html.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/run_document.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>

namespace echotrio::loadgen {
namespace {

struct Scale {
    double factor;
    void operator()(double& value) const { value *= factor; }
    void operator()(std::optional<double>& value) const {
        if (value) *value *= factor;
    }
};

// Rates, times, memory and costs, as if everything were so much larger.
Experiment scaled_experiment(double factor) {
    Experiment experiment = sample_experiment();
    const Scale scale{factor};
    for (Trial& trial : experiment.trials) {
        RunResult& r = trial.result;
        scale(r.throughput_rps);
        scale(r.mean_in_flight);
        for (LatencySummary* s : {&r.latency_us, &r.service_time_us, &r.lateness_us}) {
            for (auto* us : {&s->mean, &s->p50, &s->p90, &s->p99, &s->p99_9, &s->max}) scale(*us);
        }
        if (!r.server) continue;
        scale(r.server->cpu_s);
        scale(r.server->cpu_us_per_request);
        for (auto& [part, bytes] : r.server->memory) scale(bytes);
    }
    return experiment;
}

// A generator that slept and one that spun, and a Python beside the claims.
void add_the_rest(Experiment& experiment, Companions& beside, double factor) {
    for (Trial& trial : experiment.trials) {
        GeneratorUse& g = trial.result.generator;
        g.waking_us = trial.result.latency_us.p50.value_or(1);
        g.spin_s = 10 * factor;
        for (Finding& flag : judge(trial.result, {}).flags) {
            if (flag.check == "generator") trial.result.verdict.flags.push_back(std::move(flag));
        }
        g.idle_strategy = "spin";
    }
    const Ranged one{factor, 0.9 * factor, 1.1 * factor};
    for (Claim& claim : beside.claims->claims) {
        for (ClaimFigure& figure : claim.figures) figure.value *= factor;
        claim.subjects = {{.name = "CPython 3.11.2",
                           .verdict = ClaimVerdict::supported,
                           .figures = claim.figures,
                           .ratios = {{"a ratio", one, Agreement::agrees}},
                           .agrees = Agreement::agrees}};
    }
    Prediction& prediction = beside.claims->prediction.emplace();
    prediction.base_costs = {{"CPython 3.11.2", "threads", "py-threads 3.11", one, one, one, 3}};
    for (const char* unit : {"us", "1/s", "bytes"}) {
        prediction.figures.push_back({"CPython 3.11.2", "threads", "py-threads 3.11", "tiny", "p50",
                                      unit, one, one, one, 3, Agreement::agrees});
    }
}

// What a reader sees of the page: without scripts, styles and the packed data.
std::string visible(const std::string& page) {
    static const std::regex kHidden("<(script|style|pre)[^>]*>");
    std::string out;
    std::size_t at = 0;
    std::smatch match;
    while (std::regex_search(page.begin() + static_cast<std::ptrdiff_t>(at), page.end(), match,
                             kHidden)) {
        out.append(page, at, static_cast<std::size_t>(match.position()));
        const std::string end = "</" + match[1].str() + ">";
        at = page.find(end, at + static_cast<std::size_t>(match.position())) + end.size();
    }
    return out + page.substr(at);
}

void expect_no_exponent(const std::string& text, const std::string& where) {
    static const std::regex kExponent("[0-9]e[+-]?[0-9]");
    std::smatch found;
    EXPECT_FALSE(std::regex_search(text, found, kExponent))
        << where << ": ..."
        << found.prefix().str().substr(
               static_cast<std::size_t>(std::max<std::ptrdiff_t>(found.prefix().length() - 40, 0)))
        << found.str();
}

TEST(Numbers, NoFormOfAReportHasAnExponent) {
    for (const double factor : {1e-6, 1e-3, 1.0, 1e4, 1e8}) {
        Experiment experiment = scaled_experiment(factor);
        Companions beside = sample_companions();
        add_the_rest(experiment, beside, factor);
        const Document document = comparison_document(experiment, digest(experiment), beside);
        expect_no_exponent(to_console(document, {false, 200}), "console");
        expect_no_exponent(to_markdown(document), "Markdown");
        expect_no_exponent(visible(to_html(document, {})), "HTML");
        expect_no_exponent(to_csv(experiment), "CSV");
        const Document run = run_document(experiment.trials.front().result, {});
        expect_no_exponent(to_console(run, {false, 200}), "run");
    }
}

std::string with_codes(std::map<std::string, std::uint64_t> codes) {
    Experiment experiment = sample_experiment();
    experiment.trials.front().result.status_codes = std::move(codes);
    return to_markdown(comparison_document(experiment, digest(experiment), {}));
}

TEST(StatusCodes, OfFineRepliesAreOneSentence) {
    EXPECT_NE(with_codes({{"200", 1234}}).find("Every HTTP reply was a 200, 1,234 in all."),
              std::string::npos);
}

TEST(StatusCodes, OfOthersAreATableAndRedirectsAreFlagged) {
    const std::string text = with_codes({{"200", 1234}, {"301", 56}, {"503", 7}});
    EXPECT_NE(text.find("| workload | connections | model | 200 | 301 | 503 |"), std::string::npos);
    EXPECT_NE(text.find("! Redirects are not followed: 56 were measured"), std::string::npos);
}

TEST(StatusCodes, AreNotToldWhereNobodyCounted) {
    EXPECT_EQ(with_codes({}).find("Status codes"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
