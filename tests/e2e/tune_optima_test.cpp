// loadgen tune on servers whose best setting follows from arithmetic. A quarter of an hour, on a
// machine that nobody else uses.
#include "tests/e2e/loadgen_runs.hpp"
#include "tests/support/machine_fit.hpp"
#include "tests/support/sanitized.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

namespace echotrio::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kMostSpread = 1.3;  // where nobody disturbs, it is 1.05 to 1.2

std::string pool(const std::string& flags) {
    return fmt::format("pool=python3 -B {} {{port}} --workers {{workers}} {}", ECHOTRIO_POOL_SERVER,
                       flags);
}

struct Tuned {
    int status = -1;
    std::string err;
    Json json;

    double workers() const { return json["best"]["workers"]; }
    double rate() const { return json["best"]["rate"]; }
    // As measured; 0: not, or it has none.
    double rate_at(int workers) const {
        for (const auto& one : json["settings"]) {
            if (one["workers"] == workers && !one["rate"].is_null()) return one["rate"];
        }
        return 0;
    }
    double measurements() const { return json["search"]["measurements"]; }
    // Measurements that all settings would take, each in as many rounds.
    double grid() const {
        const auto& search = json["search"];
        return search["grid"].get<double>() * std::max(search["rounds"].get<double>(), 1.0);
    }
    // Of the best one's rounds, highest / lowest.
    double spread() const {
        if (!json["best"].is_object()) return 1;
        const auto rounds = json["best"]["rounds"].get<std::vector<double>>();
        const auto [low, high] = std::minmax_element(rounds.begin(), rounds.end());
        return low == rounds.end() ? 1 : *high / *low;
    }
    std::size_t trials_not_judged() const {
        const auto& trials = json["trials"];
        return static_cast<std::size_t>(
            std::count_if(trials.begin(), trials.end(),
                          [](const Json& t) { return t["result"] == "not_judged"; }));
    }
};

Tuned tune(const Words& more) {
    const std::string file = fmt::format("{}tune_{}.json", testing::TempDir(), ::getpid());
    Words words{"tune", "--json", file, "--quiet", "--warmup", "200ms"};
    words.insert(words.end(), more.begin(), more.end());
    // Longer than finish() would wait.
    loadgen::Child child = start_loadgen(words);
    Tuned tuned;
    tuned.status = child.wait(std::chrono::minutes(5)).value_or(-1);
    tuned.err = child.stderr_text();
    std::ifstream in(file);
    tuned.json = Json::parse(in, nullptr, false);
    fs::remove(file);
    return tuned;
}

// Why an optimum can't be looked for here; empty: it can.
std::optional<std::string> unfit(const MachineFit& machine) {
    if (kSanitized) return "a sanitizer's generator takes the CPU that the server would have";
    return machine.busy();
}

// A machine that others use moves an optimum: then nothing is asserted of it.
#define ASSERT_TUNED(tuned, machine)                                                    \
    ASSERT_FALSE((tuned).json.is_discarded()) << (tuned).err;                           \
    if (const auto busy = (machine).busy()) GTEST_SKIP() << *busy;                      \
    if ((tuned).trials_not_judged() * 4 > (tuned).json["trials"].size()) {              \
        GTEST_SKIP() << "the generator could not judge " << (tuned).trials_not_judged() \
                     << " trials";                                                      \
    }                                                                                   \
    if ((tuned).spread() > kMostSpread) {                                               \
        GTEST_SKIP() << "rounds differ too much: " << (tuned).json["answer"];           \
    }                                                                                   \
    ASSERT_EQ((tuned).status, 0) << (tuned).err;                                        \
    EXPECT_LE((tuned).measurements(), (tuned).grid() / 2);                              \
    ASSERT_TRUE((tuned).json["best"].is_object())

// 20 ms of waiting and 1 ms of CPU: a worker does at most 1 / 21 ms = 47.6 requests/s, so many do
// so many times that, and on one CPU all together less than 1,000. An objective of 100 ms leaves
// room for a queue, so the rate rises with the workers in proportion at first, and from about 21 on
// it can't: the CPU is full.
TEST(KnownOptima, WaitingRequestsNeedAsManyWorkersAsFillTheCpu) {
    const MachineFit machine;
    if (const auto why = unfit(machine)) GTEST_SKIP() << *why;
    const Tuned tuned = tune({"--server", pool("--wait 20 --cpu 1"), "--vary", "workers=1..48",
                              "--slo", "p90=100ms", "-d", "1500ms", "-r", "3", "--precision", "0.1",
                              "--cpus", "1", "--budget", "280s"});
    ASSERT_TUNED(tuned, machine);
    EXPECT_GE(tuned.workers(), 16) << tuned.json["answer"];
    EXPECT_LE(tuned.workers(), 32) << tuned.json["answer"];
    EXPECT_LT(tuned.rate(), 1000);
    ASSERT_GT(tuned.rate_at(1), 0) << tuned.json["answer"];
    ASSERT_GT(tuned.rate_at(2), 0) << tuned.json["answer"];
    EXPECT_GT(tuned.rate(), 4 * tuned.rate_at(2)) << tuned.json["answer"];
    EXPECT_LT(tuned.rate_at(1), 50);
    EXPECT_LE(tuned.rate(), tuned.workers() / 0.020);  // no worker is faster than its wait
    const auto& rules = tuned.json["rule_of_thumb"];
    ASSERT_GE(rules.size(), 2U);
    EXPECT_EQ(rules[0]["rule"], "2n+1");
    EXPECT_EQ(rules[0]["workers"], std::floor(2 * rules[0]["cpus"].get<double>() + 1));
    ASSERT_TRUE(rules[0]["measured"].is_object());
    EXPECT_LT(rules[0]["measured"]["rate"].get<double>(), tuned.rate());
}

// 5 ms of CPU: more workers than CPUs do no more, so one per CPU is enough; it had one.
TEST(KnownOptima, CpuBoundRequestsNeedOneWorkerPerCpu) {
    const MachineFit machine;
    if (const auto why = unfit(machine)) GTEST_SKIP() << *why;
    const Tuned tuned =
        tune({"--server", pool("--cpu 5"), "--vary", "workers=1..16", "--slo", "p90=100ms", "-d",
              "1500ms", "-r", "3", "--precision", "0.1", "--cpus", "1", "--budget", "4m"});
    ASSERT_TUNED(tuned, machine);
    EXPECT_LE(tuned.workers(), 2) << tuned.json["answer"];
    EXPECT_LE(tuned.rate(), 200);
    EXPECT_LE(tuned.json["best"]["cpus_used"].get<double>(), 1.05);
    EXPECT_EQ(tuned.json["limits"]["cpus"], 1);
}

// Each worker holds 8 MiB beside what Python takes: the bound is set between 4 workers and 12.
TEST(KnownOptima, AMemoryBoundCutsIn) {
    const Tuned one = tune({"--server", pool("--wait 20 --mib 8"), "--vary", "workers=4", "--slo",
                            "p50=2s", "-d", "300ms", "-r", "1", "--budget", "1m"});
    ASSERT_TRUE(one.json["best"].is_object()) << one.err;
    const double four = one.json["best"]["memory_bytes"];
    EXPECT_GT(four, 4 * (8 << 20));
    const MachineFit machine;
    if (const auto why = unfit(machine)) GTEST_SKIP() << *why;
    const double bound = 2 * four;  // less than 8 workers need not: a part is shared
    const Tuned tuned = tune({"--server", pool("--wait 20 --mib 8"), "--vary", "workers=1..32",
                              "--slo", "p90=100ms", "-d", "1s", "-r", "3", "--precision", "0.1",
                              "--budget", "4m", "--memory", fmt::format("{:.0f}", bound)});
    ASSERT_TUNED(tuned, machine);
    EXPECT_GE(tuned.workers(), 5) << tuned.json["answer"];
    EXPECT_LE(tuned.workers(), 12) << tuned.json["answer"];
    EXPECT_LE(tuned.json["best"]["memory_bytes"].get<double>(), bound);
    const auto& settings = tuned.json["settings"];
    EXPECT_TRUE(std::any_of(settings.begin(), settings.end(),
                            [](const Json& s) { return s["unfit"] == "memory"; }));
}

// Waiting alone, and as many workers as requests at a time can be, from 4 on: no more comes of
// more.
TEST(KnownOptima, OfAPlateauTheSmallestWins) {
    const MachineFit machine;
    if (const auto why = unfit(machine)) GTEST_SKIP() << *why;
    const Tuned tuned =
        tune({"--server", pool("--wait 20"), "--vary", "workers=1..32", "--slo", "p90=200ms", "-c",
              "4", "-d", "1500ms", "-r", "3", "--precision", "0.1", "--budget", "4m"});
    ASSERT_TUNED(tuned, machine);
    EXPECT_GE(tuned.workers(), 4) << tuned.json["answer"];
    EXPECT_LE(tuned.workers(), 6) << tuned.json["answer"];
}

// A control group with half a CPU, where we may make one: version 1 or 2.
class KnownOptimaQuota : public testing::Test {
  protected:
    void SetUp() override {
        const std::string name = fmt::format("echotrio-tune-{}", ::getpid());
        const std::string one = "/sys/fs/cgroup/cpu", two = "/sys/fs/cgroup";
        const bool version_2 = fs::exists(two + "/cgroup.controllers");
        folder_ = (version_2 ? two : one) + "/" + name;
        std::error_code refused;
        if (!fs::create_directory(folder_, refused)) {
            folder_.clear();
            return;
        }
        if (version_2) {
            made_ = put("cpu.max", "50000 100000");
        } else {
            made_ = put("cpu.cfs_period_us", "100000") && put("cpu.cfs_quota_us", "50000");
        }
    }
    void TearDown() override {
        if (folder_.empty()) return;
        // Whoever was in it has ended, and the kernel may still be about to notice.
        EXPECT_TRUE(eventually([&] {
            std::error_code busy;
            return fs::remove(folder_, busy);
        }));
    }
    bool put(const char* file, const char* text) const {
        std::ofstream out(folder_ + "/" + file);
        return static_cast<bool>(out << text << std::flush);
    }

    std::string folder_;
    bool made_ = false;
};

TEST_F(KnownOptimaQuota, OfAControlGroupIsObeyedShownAndItsThrottlingTold) {
    if (!made_) GTEST_SKIP() << "no control group with a quota can be made here";
    const MachineFit machine;
    if (const auto why = unfit(machine)) GTEST_SKIP() << *why;
    const std::string server = fmt::format(
        "pool=sh -c 'echo 0 > {}/cgroup.procs && exec python3 -B {} {{port}} --workers "
        "{{workers}} --cpu 5'",
        folder_, ECHOTRIO_POOL_SERVER);
    const Tuned tuned = tune({"--server", server, "--vary", "workers=1..16", "--slo", "p90=300ms",
                              "-d", "1500ms", "-r", "3", "--precision", "0.1", "--budget", "4m"});
    ASSERT_TUNED(tuned, machine);
    EXPECT_EQ(tuned.json["limits"]["cpu_quota"], 0.5);
    EXPECT_EQ(tuned.json["limits"]["cpus_in_force"], 0.5);
    EXPECT_LE(tuned.rate(), 125);  // half of 200 a second, and something for bursts
    EXPECT_LE(tuned.workers(), 3) << tuned.json["answer"];
    EXPECT_EQ(tuned.json["rule_of_thumb"][0]["workers"], 2);  // 2 x 0.5 + 1
    ASSERT_TRUE(tuned.json["throttled"].is_object());
    EXPECT_GT(tuned.json["throttled"]["periods"], 0);
}

}  // namespace
}  // namespace echotrio::test
