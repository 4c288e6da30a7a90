#include "common/work/burner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <tuple>
#include <vector>

namespace echotrio::work {
namespace {

using namespace std::chrono_literals;

class Slices : public testing::TestWithParam<std::tuple<Nanos, Nanos, int>> {};

TEST_P(Slices, HaveACheckpointBetweenThem) {
    const auto [amount, slice, expected] = GetParam();
    int checkpoints = 0;
    Burner(1000).burn(amount, slice, [&] { ++checkpoints; });
    EXPECT_EQ(checkpoints, expected);
}

INSTANTIATE_TEST_SUITE_P(Burner, Slices,
                         testing::Values(std::tuple(0ns, 100ns, 0), std::tuple(-1ms, 100ns, 0),
                                         std::tuple(99ns, 100ns, 0), std::tuple(100ns, 100ns, 0),
                                         std::tuple(101ns, 100ns, 1), std::tuple(1ms, 100ns, 9999),
                                         std::tuple(1ms, 20us, 49),
                                         // a slice shorter than one iteration is one iteration
                                         std::tuple(10ns, 0ns, 9)));

// However short the slices, it is the same work: one long chain of them takes no less CPU time than
// a piece. Each is compared with the one beside it, since a CPU has faster and slower moments.
TEST(Burner, ShortSlicesAreNoLessWork) {
    const Burner burner;
    const auto cpu_now = [] {
        timespec at{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
    };
    const auto cpu_of = [&](auto work) {
        const double start = cpu_now();
        work();
        return cpu_now() - start;
    };
    std::vector<double> ratios;
    for (int i = 0; i < 400; ++i) {
        const double whole = cpu_of([&] { burner.burn(200us); });
        ratios.push_back(cpu_of([&] { burner.burn(200us, 100ns, [] { asm volatile(""); }); }) /
                         whole);
    }
    std::nth_element(ratios.begin(), ratios.begin() + 200, ratios.end());
    EXPECT_GT(ratios[200], 0.97);
}

TEST(Burner, MeasuresThisCpu) {
    EXPECT_GT(Burner().iterations_per_us(), 1);
}

}  // namespace
}  // namespace echotrio::work
