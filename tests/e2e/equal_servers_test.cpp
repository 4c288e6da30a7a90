// The coroutine server as a --server beside itself as a model: what is the same program shows no
// difference, however it was started.
#include "loadgen/findings/digest.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/e2e/loadgen_runs.hpp"
#include "tests/support/machine_fit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

// How many of so many comparisons show a difference in requests/s.
int differences(const std::string& dir, int from, int comparisons) {
    const Level level{"http", 16};
    int shown = 0;
    for (int i = from; i < from + comparisons; ++i) {
        const std::string out = fmt::format("{}/{}", dir, i);
        const test::Ran ended =
            test::run_loadgen({"compare",
                               "--server",
                               "again=" + test::program("echo-coroutine") + " --port {port}",
                               "--models",
                               "coroutine",
                               "--workloads",
                               "http",
                               "-c",
                               "16",
                               "-r",
                               "6",
                               "-d",
                               "300ms",
                               "--warmup",
                               "100ms",
                               "--no-wrk",
                               "-q",
                               "--seed",
                               fmt::format("{}", 100 + i),
                               "--out",
                               out});
        EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
        const auto experiment = read_experiment(out);
        if (!experiment) {
            ADD_FAILURE() << experiment.error().message << '\n' << ended.err;
            continue;
        }
        const Digest told = digest(*experiment);
        const Comparison* c = told.comparison(level, "throughput_rps", "coroutine", "again");
        if (c == nullptr) {
            ADD_FAILURE() << "nothing was compared\n" << ended.err;
            continue;
        }
        shown += c->finding == Direction::no_difference ? 0 : 1;
    }
    return shown;
}

TEST(EqualServers, ShowNoDifference) {
    test::MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    std::string name = (fs::temp_directory_path() / "echotrio-equal-XXXXXX").string();
    const std::string dir = ::mkdtemp(name.data());
    // One in twenty is wrong by the interval's own promise. Two or more in ten then happen in 9 %
    // of all runs of this test, so ten more are made; four or more in twenty in 1 %, so twenty
    // more; with seven or more of forty, too, it is one run in a thousand.
    int shown = differences(dir, 0, 10), all = 10;
    for (const auto& [most, more] : {std::pair(1, 10), std::pair(3, 20)}) {
        if (shown <= most) break;
        shown += differences(dir, all, more);
        all += more;
    }
    fs::remove_all(dir);
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_LE(shown, all == 10 ? 1 : all == 20 ? 3 : 6) << "of " << all;
}

}  // namespace
}  // namespace echotrio::loadgen
