// `loadgen claims --only`: the claims that rest on states and not on times are judged the same on
// any machine; the others are in all_claims_test.cpp.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace echotrio::test {
namespace {

TEST(Claims, OfFaultsAndResourcesAreSupportedOnAnyMachine) {
    loadgen::Child child = start_loadgen(
        {"claims", "--quick", "--quiet", "--json", "-", "--seed", "1", "--only",
         "process-contains-faults,shared-process-shares-faults,process-resources-follow-need"});
    const auto out = child.read_all(std::chrono::minutes(3));
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(child.wait(std::chrono::seconds(10)), 0) << child.stderr_text();
    const auto json = nlohmann::json::parse(*out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << *out;
    ASSERT_EQ(json.at("claims").size(), 3U);
    for (const auto& claim : json.at("claims")) {
        const auto reason = claim.at("reason").get<std::string>();
        EXPECT_NE(claim.at("verdict"), "refuted") << claim.at("id") << ": " << reason;
        // The machine alone may keep one from being judged, and then the reason says so.
        if (reason.starts_with("the machine was busy")) continue;
        EXPECT_EQ(claim.at("verdict"), "supported") << claim.at("id") << ": " << reason;
    }
    EXPECT_EQ(json.at("claims")[0].at("evidence").at("survive_in_prefork"), 7);
}

TEST(Claims, OneOfAnExperimentCanBeAskedForAlone) {
    const Ran ran =
        run_loadgen({"claims", "--quick", "--json", "-", "--only", "shared-process-shares-faults"});
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    ASSERT_EQ(json.at("claims").size(), 1U);
    EXPECT_EQ(json.at("claims")[0].at("id"), "shared-process-shares-faults");
    EXPECT_NE(ran.err.find("[1/1]"), std::string::npos) << ran.err;
}

TEST(Claims, KeepTheirTrialsAndReadThemAgain) {
    std::string dir = "/tmp/echotrio-claims-XXXXXX";
    ASSERT_NE(::mkdtemp(dir.data()), nullptr);
    const auto judge = [&](const Words& more) {
        Words words{"claims",   "--quiet", "--json", "-",
                    "--trials", dir,       "--only", "yielding-cures"};
        words.insert(words.end(), more.begin(), more.end());
        return run_loadgen(words);
    };
    const Ran first = judge({"--quick", "--seed", "1"});
    EXPECT_EQ(first.status, 0) << first.err;
    const std::string folder = dir + "/coroutine-must-yield";  // the first of the experiment's
    EXPECT_TRUE(std::filesystem::exists(folder + "/results.json"));
    const Ran report = run_loadgen({"report", folder});
    EXPECT_EQ(report.status, 0) << report.err;
    EXPECT_NE(report.out.find("every 1ms"), std::string::npos) << report.out;
    // The same figures, from the same trials, whatever the order of new ones would have been.
    const Ran again = judge({"--quick", "--seed", "1"});
    const auto claims_of = [](const Ran& ran) {
        return nlohmann::json::parse(ran.out, nullptr, false).at("claims");
    };
    ASSERT_EQ(claims_of(first).size(), 1U);
    ASSERT_EQ(claims_of(again).size(), 1U);
    for (const char* key : {"figures", "evidence"}) {
        EXPECT_EQ(claims_of(again)[0].at(key), claims_of(first)[0].at(key));
    }
    const Ran other = judge({});  // longer trials
    EXPECT_EQ(other.status, 1);
    EXPECT_NE(other.err.find("another experiment"), std::string::npos) << other.err;
    std::filesystem::remove_all(dir);
}

TEST(Claims, AnUnknownOneIsRefusedWithTheKnown) {
    const Ran ran = run_loadgen({"claims", "--only", "yielding-cures,nonsense"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_TRUE(ran.out.empty());
    for (const char* word : {"--only", "nonsense", "process-contains-faults", "yielding-cures"}) {
        EXPECT_NE(ran.err.find(word), std::string::npos) << ran.err;
    }
}

}  // namespace
}  // namespace echotrio::test
