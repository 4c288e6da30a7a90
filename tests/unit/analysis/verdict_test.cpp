// The table of verdict_cases.hpp, and what is no single finding of it.
#include "loadgen/analysis/verdict.hpp"

#include "tests/unit/analysis/verdict_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace echotrio::loadgen {
namespace {

using namespace verdict_cases;

TEST(Verdict, Table) {
    for (const Row& row : rows()) {
        SCOPED_TRACE(row.name);
        const Verdict v = judge_changed(row.loop, row.changes);
        EXPECT_EQ(v.valid, row.severity != invalid);
        EXPECT_EQ(v.reasons.size(), row.severity == invalid ? 1U : 0U);
        EXPECT_EQ(v.flags.size(), row.severity == flagged ? 1U : 0U);
        if (row.severity != flagged) {  // of those some may be ranked
            EXPECT_EQ(v.rankable, row.severity == clean);
        }
        EXPECT_EQ(v.overloaded,
                  !v.flags.empty() && v.flags[0].what.find("OVERLOADED") != std::string::npos);
        for (const auto* findings : {&v.reasons, &v.flags}) {
            for (const Finding& f : *findings) {
                EXPECT_EQ(f.check, row.check) << f.what;
                EXPECT_NE(f.what.find(row.text), std::string::npos) << f.what;
                EXPECT_FALSE(f.advice.empty());
            }
        }
    }
}

// No check and no severity of the documentation's table is without a row in ours.
TEST(Verdict, TableIsComplete) {
    const auto tested = [](const std::string& check, Severity severity) {
        const auto& all = rows();
        return std::any_of(all.begin(), all.end(), [&](const Row& row) {
            return row.check == check && row.severity == severity;
        });
    };
    for (const CheckRow& documented : verdict_table()) {
        // the rate is the generator's fault only where that is INVALID itself: see below
        const bool alone = documented.check != "rate";
        EXPECT_EQ(tested(documented.check, invalid), alone && !documented.invalid.empty())
            << documented.check;
        EXPECT_EQ(tested(documented.check, flagged), !documented.flag.empty()) << documented.check;
    }
}

// The longest may be in the window for its 500 ms or not at all: 5 % of the window, beside the 2 %.
TEST(Verdict, LittlesLawLeavesRoomForTheLongestAtTheWindowsEnds) {
    const auto valid = [](Changes changes) { return judge_changed(closed, changes).valid; };
    EXPECT_TRUE(valid([](auto& r, auto&) {
        r.latency_us.mean = 1600 * 0.94;
        r.latency_us.max = 500'000;
    }));
    EXPECT_FALSE(valid([](auto& r, auto&) {
        r.latency_us.mean = 1600 * 0.92;
        r.latency_us.max = 500'000;
    }));
}

// The median of the good run is 1,500 us.
TEST(Verdict, ASleepersOwnWakingIsTold) {
    const auto flags = [](Changes changes) { return judge_changed(closed, changes).flags; };
    EXPECT_TRUE(flags([](auto& r, auto&) { r.generator.waking_us = 150; }).empty());
    const auto told = flags([](auto& r, auto&) { r.generator.waking_us = 151; });
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].check, "generator");
    EXPECT_NE(told[0].what.find("takes 151 µs to wake here, and the median latency is 1.50 ms:"),
              std::string::npos)
        << told[0].what;
    EXPECT_NE(told[0].advice.find("--idle-strategy spin"), std::string::npos);
    EXPECT_TRUE(flags([](auto& r, auto&) {
                    r.generator.waking_us = 1000;
                    r.latency_us.p50.reset();
                }).empty());
    const auto hardly_slept = judge_changed(closed, [](auto& r, auto&) {
        r.generator.waking_us = 1000;
        r.generator.busiest_thread = 0.97;
    });
    EXPECT_TRUE(hardly_slept.flags.empty());
}

TEST(Verdict, ALateGeneratorIsNeverTheSameAsWhatIsAllowed) {
    const auto what = [](Changes changes) {
        const Verdict v = judge_changed(open, changes);
        return v.reasons.empty() ? std::string() : v.reasons.front().what;
    };
    const std::string near = what([](auto& r, auto&) { r.generator.send_delay_p99_us = 1002; });
    EXPECT_NE(near.find("is 2.00 µs more than the 1.00 ms allowed"), std::string::npos) << near;
    const std::string far = what([](auto& r, auto&) { r.generator.send_delay_p99_us = 2000; });
    EXPECT_NE(far.find("is 2.00 ms, more than the 1.00 ms allowed"), std::string::npos) << far;
}

// Flagged beyond doubt only, and not for what others did.
TEST(Verdict, TwoCpusThatAreNotTwoFlagTheMachine) {
    const Verdict v = judge_changed(closed, [](auto&, auto& c) {
        c.two_cpus = {1.24, 1.2, 1.3, 0.05};
    });
    ASSERT_EQ(v.flags.size(), 1U);
    EXPECT_EQ(v.flags[0].check, "machine");
    EXPECT_NE(v.flags[0].what.find("did 1.24 times"), std::string::npos) << v.flags[0].what;
    EXPECT_TRUE(two_cpus_finding({1.24, 1.2, 1.3, {}})) << "where the others' share is not told";
    EXPECT_FALSE(two_cpus_finding({1.7, 1.6, 1.8, 0.05})) << "not surely less";
    EXPECT_FALSE(two_cpus_finding({1.24, 1.2, 1.3, 0.06})) << "others used them";
    EXPECT_FALSE(two_cpus_finding({})) << "nobody looked";
}

// What to do follows from what most of the requests failed of.
TEST(Verdict, AdviceFitsTheFailure) {
    const auto advice = [](Changes changes) {
        const Verdict v = judge_changed(closed, changes);
        return v.reasons.empty() ? std::string() : v.reasons.front().advice;
    };
    const std::string codes = advice([](auto& r, auto&) {
        r.latency_us.mean.reset();
        r.accounting = {400'000, 400'000, 300'000, 100'000, 0, 0, 0};
        r.errors.status = 100'000;
        r.status_codes = {{"200", 300'000}, {"404", 1000}, {"503", 99'000}};
    });
    EXPECT_NE(codes.find("status 503 (99,000), 404 (1,000)"), std::string::npos) << codes;
    const std::string others = advice([](auto& r, auto& c) {
        r.latency_us.mean.reset();
        r.accounting = {400'000, 400'000, 300'000, 100'000, 0, 0, 0};
        r.errors.status = 100'000;
        r.status_codes = {{"200", 300'000}, {"204", 100'000}};
        c.expected_status = 200;
    });
    EXPECT_NE(others.find("status 204 (100,000), not with the expected 200: give another "
                          "--expect-status or another path"),
              std::string::npos)
        << others;
    const std::string closes = advice([](auto& r, auto&) {
        r.latency_us.mean.reset();
        r.accounting = {400'000, 400'000, 200'000, 200'000, 0, 0, 0};
        r.errors.closed = 200'000;
    });
    EXPECT_NE(closes.find("--requests-per-connection 1"), std::string::npos) << closes;
    const std::string unread = advice([](auto& r, auto&) {
        r.requests = 0;
        r.latency_us = {};
        r.throughput_rps = 0;
        r.accounting = {400'000, 400'000, 0, 400'000, 0, 0, 0};
        r.errors.protocol = 1;
        r.errors.closed = 399'999;
        r.protocol_fault = "the head is longer than 256 KiB";
    });
    EXPECT_NE(unread.find("the head is longer than 256 KiB"), std::string::npos) << unread;
}

TEST(Verdict, OfWhatIsFlaggedSomeMayBeRanked) {
    EXPECT_FALSE(judge_changed(closed, [](auto& r, auto&) { drift(r, 0.0501); }).rankable);
    EXPECT_TRUE(
        judge_changed(closed, [](auto& r, auto&) { r.connections.fairness = 0.949; }).rankable);
    EXPECT_FALSE(judge_changed(closed, [](auto& r, auto&) { r.connections.served = 10; }).rankable);
}

TEST(Verdict, ABacklogThatGrowsIsSeenAfterALongWarmUpToo) {
    // The end is less than 1.5 x the mean.
    EXPECT_TRUE(judge_changed(open, [](auto& r, auto&) {
                    fall_short(r, 3000, 9000, 7500);
                    for (std::size_t i = 0; i < r.intervals.size(); ++i) {
                        r.intervals[i].in_flight = 6300 + 300 * i;
                    }
                }).overloaded);
}

TEST(Verdict, ALateGeneratorMakesTheRateInvalid) {
    const auto says = [](const Verdict& v, const std::string& check, const char* what) {
        return std::any_of(v.reasons.begin(), v.reasons.end(), [&](const Finding& f) {
            return f.check == check && f.what.find(what) != std::string::npos;
        });
    };
    const Verdict busy = judge_changed(open, [](auto& r, auto&) {
        fall_short(r, 1001, 1001, 600);
        r.generator.busiest_thread = 0.95;
    });
    EXPECT_FALSE(busy.valid);
    EXPECT_FALSE(busy.overloaded);
    EXPECT_TRUE(says(busy, "rate", "achieved 9,900/s"));
    EXPECT_TRUE(says(busy, "generator", "95 %"));
    const Verdict late = judge_changed(open, [](auto& r, auto&) {
        fall_short(r, 1001, 1001, 600);
        r.generator.send_delay_p99_us = 70'000;
    });
    EXPECT_TRUE(says(late, "rate", "achieved 9,900/s"));
}

}  // namespace
}  // namespace echotrio::loadgen
