#include "loadgen/analysis/queueing.hpp"

#include "common/base/check.hpp"

#include <cmath>

namespace echotrio::loadgen {

double erlang_c(int c, double rho) {
    CHECK(c >= 1 && rho >= 0 && rho < 1);
    // By way of Erlang's B, whose recursion does not overflow.
    const double offered = c * rho;
    double blocked = 1;
    for (int servers = 1; servers <= c; ++servers) {
        blocked = offered * blocked / (servers + offered * blocked);
    }
    return blocked / (1 - rho * (1 - blocked));
}

double mmc_time(int c, double rho) {
    return 1 + erlang_c(c, rho) / (c * (1 - rho));
}

double mm1_percentile(double percentile, double rho) {
    CHECK(percentile >= 0 && percentile < 1 && rho >= 0 && rho < 1);
    return -std::log1p(-percentile) / (1 - rho);
}

double mg1_wait(double rho, double cv2) {
    CHECK(rho >= 0 && rho < 1 && cv2 >= 0);
    return rho * (1 + cv2) / (2 * (1 - rho));
}

}  // namespace echotrio::loadgen
