#include "common/work/burner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

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
// a piece, whatever else the machine does meanwhile (each figure is the least of many).
TEST(Burner, ShortSlicesAreNoLessWork) {
    const Burner burner;
    const auto time = [](auto work) {
        const TimePoint start = now();
        work();
        return now() - start;
    };
    Nanos whole = 1h;
    Nanos sliced = 1h;
    for (int i = 0; i < 200; ++i) {
        whole = std::min(whole, time([&] { burner.burn(200us); }));
        sliced =
            std::min(sliced, time([&] { burner.burn(200us, 100ns, [] { asm volatile(""); }); }));
    }
    EXPECT_GT(micros(sliced), 0.97 * micros(whole));
}

TEST(Burner, MeasuresThisCpu) {
    EXPECT_GT(Burner().iterations_per_us(), 1);
}

}  // namespace
}  // namespace echotrio::work
