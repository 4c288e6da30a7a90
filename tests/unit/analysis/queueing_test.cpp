// The formulas against tabulated values and against each other.
#include "loadgen/analysis/queueing.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

TEST(ErlangC, IsTabulated) {
    EXPECT_NEAR(erlang_c(1, 0.5), 0.5, 1e-10);
    EXPECT_NEAR(mmc_time(1, 0.5), 2, 1e-10);
    EXPECT_NEAR(erlang_c(2, 0.8), 0.7111111111, 1e-10);
    EXPECT_NEAR(mmc_time(2, 0.8), 2.7777777778, 1e-10);
    EXPECT_NEAR(erlang_c(4, 0.9), 0.7877532643, 1e-10);
    EXPECT_NEAR(mmc_time(4, 0.9), 2.9693831607, 1e-10);
}

TEST(ErlangC, HasItsLimits) {
    EXPECT_EQ(erlang_c(3, 0), 0);
    EXPECT_EQ(mmc_time(3, 0), 1);
    EXPECT_GT(erlang_c(1000, 0.999), 0.9);  // no overflow
    for (double rho = 0.05; rho < 1; rho += 0.05) {
        EXPECT_NEAR(erlang_c(1, rho), rho, 1e-12);
        EXPECT_LT(erlang_c(2, rho), erlang_c(1, rho));  // pooling helps
        EXPECT_LT(mmc_time(8, rho), mmc_time(2, rho));
    }
}

TEST(Mm1, PercentilesAreExponential) {
    EXPECT_NEAR(mm1_percentile(0.99, 0.8), 23.025851, 1e-6);
    EXPECT_NEAR(mm1_percentile(1 - std::exp(-1.0), 0.8), mmc_time(1, 0.8), 1e-9);  // the mean
    EXPECT_EQ(mm1_percentile(0, 0.8), 0);
}

TEST(Mg1, IsPollaczekAndKhinchine) {
    EXPECT_NEAR(mg1_wait(0.8, 0), 2, 1e-12);
    EXPECT_NEAR(mg1_wait(0.8, 1), 4, 1e-12);
    EXPECT_NEAR(mg1_wait(0.8, 4), 10, 1e-12);
    EXPECT_NEAR(1 + mg1_wait(0.7, 1), mmc_time(1, 0.7), 1e-12);  // exponential service is M/M/1
}

}  // namespace
}  // namespace echotrio::loadgen
