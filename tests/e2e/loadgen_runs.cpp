#include "tests/e2e/loadgen_runs.hpp"

#include "loadgen/results/result_json.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::test {
namespace {

bool names(const std::vector<loadgen::Finding>& findings, const std::string& check) {
    return std::any_of(findings.begin(), findings.end(),
                       [&](const loadgen::Finding& f) { return f.check == check; });
}

}  // namespace

loadgen::Child start_loadgen(const Words& arguments) {
    Words argv{program("loadgen")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return start_program(argv);
}

Ran run_loadgen(const Words& arguments) {
    loadgen::Child child = start_loadgen(arguments);
    return finish(child);
}

bool Measured::has_reason(const std::string& check) const {
    return names(result.verdict.reasons, check);
}

bool Measured::has_flag(const std::string& check) const {
    return names(result.verdict.flags, check);
}

bool Measured::read_late() const {
    const auto& flags = result.verdict.flags;
    return std::any_of(flags.begin(), flags.end(), [](const loadgen::Finding& flag) {
        return flag.what.starts_with("its counters were read");
    });
}

Measured measured(const Ran& ran) {
    Measured m;
    m.status = ran.status;
    m.err = ran.err;
    m.json = nlohmann::json::parse(ran.out, nullptr, false);
    EXPECT_FALSE(m.json.is_discarded()) << ran.out << ran.err;
    if (m.json.is_discarded()) return m;
    auto result = loadgen::result_from_json(nlohmann::ordered_json::parse(ran.out));
    EXPECT_TRUE(result.ok());
    if (result) m.result = std::move(*result);
    EXPECT_TRUE(m.result.accounting.balanced());
    EXPECT_TRUE(m.result.total.balanced());
    EXPECT_EQ(m.result.requests, m.result.accounting.completed);
    EXPECT_EQ(m.status, m.result.verdict.valid ? 0 : 3) << ran.err;
    return m;
}

Measured measure(const Words& arguments) {
    Words all{"run"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.insert(all.end(), {"--json", "-"});
    return measured(run_loadgen(all));
}

}  // namespace echotrio::test
