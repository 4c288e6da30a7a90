#include "common/work/burner.hpp"

#include <gtest/gtest.h>

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

TEST(Burner, MeasuresThisCpu) {
    EXPECT_GT(Burner().iterations_per_us(), 1);
}

}  // namespace
}  // namespace echotrio::work
