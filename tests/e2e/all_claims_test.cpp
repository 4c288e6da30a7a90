// `loadgen claims --quick --json -`: every sentence judged, with its evidence, and none
// turned round by what else the machine does.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace echotrio::loadgen {
namespace {

TEST(AllClaims, AreJudgedWithEvidence) {
    Child child =
        test::start_loadgen({"claims", "--quick", "--quiet", "--json", "-", "--seed", "1"});
    const auto out = child.read_all(std::chrono::minutes(9));
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(child.wait(std::chrono::seconds(10)), 0) << child.stderr_text();
    const auto json = nlohmann::json::parse(*out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << *out;
    const std::set<std::string> verdicts{"supported", "refuted", "inconclusive", "not_testable"};
    std::map<std::string, std::string> found;
    for (const auto& claim : json.at("claims")) {
        EXPECT_TRUE(verdicts.contains(claim.at("verdict").get<std::string>()));
        EXPECT_FALSE(claim.at("sentence").get<std::string>().empty());
        EXPECT_FALSE(claim.at("reason").get<std::string>().empty());
        EXPECT_TRUE(claim.at("evidence").is_object());
        if (claim.at("verdict") != "inconclusive" && claim.at("verdict") != "not_testable") {
            EXPECT_FALSE(claim.at("figures").empty()) << claim.at("id");
        }
        found[claim.at("id")] = claim.at("verdict");
    }
    EXPECT_EQ(found.size(), json.at("claims").size()) << "an id is there twice";
    // The ids that are known are exactly these, and the prediction, which judges no sentence.
    const std::string known = test::run_loadgen({"claims", "--only", "nonsense"}).err;
    for (const auto& [id, verdict] : found) EXPECT_NE(known.find(id), std::string::npos) << id;
    EXPECT_NE(known.find("prediction"), std::string::npos) << known;
    EXPECT_EQ(static_cast<std::size_t>(std::count(known.begin(), known.end(), ',')), found.size())
        << known;
    // True by construction; a busy machine may leave them open, never turn them round.
    for (const char* never_refuted :
         {"process-contains-faults", "shared-process-shares-faults",
          "process-resources-follow-need", "process-thread-coroutine-memory",
          "process-thread-coroutine-creation", "one-thread-at-a-time", "parallel-without-lock",
          "lock-costs-nothing-on-one-cpu", "preemption-follows-interval", "native-code-uses-cores",
          "long-call-stalls-threads", "copy-on-write-is-lost", "kept-clients-starve-others",
          "closing-costs-a-connection", "coroutine-must-yield", "yielding-cures",
          "coroutines-carry-most"}) {
        ASSERT_TRUE(found.contains(never_refuted)) << never_refuted;
        EXPECT_NE(found[never_refuted], "refuted") << never_refuted;
    }
    ASSERT_TRUE(found.contains("lock-costs-no-latency-on-one-cpu"));
    EXPECT_NE(found["lock-costs-no-latency-on-one-cpu"], "supported");
}

}  // namespace
}  // namespace echotrio::loadgen
