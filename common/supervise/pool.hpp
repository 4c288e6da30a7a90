// How many workers there should be: pure arithmetic, asked once a second. The rule is that of
// Apache httpd's prefork module (perform_idle_server_maintenance in server/mpm/prefork/prefork.c):
// too few idle workers: start 1, 2, 4 ... 32 of them, doubling while the shortage lasts; too many:
// retire one.
#pragma once

#include "common/supervise/options.hpp"

namespace echotrio::supervise {

// Workers that will accept again: those told to leave are in neither figure.
struct Census {
    int idle = 0;  // waiting for a connection, or still starting
    int all = 0;   // idle <= all
};

struct Decision {
    int spawn = 0;         // 0 to kMaxSpawn
    bool retire = false;   // one idle worker; never together with spawn
    bool ceiling = false;  // more were needed than max_workers allows
};

class Pool {
  public:
    static constexpr int kMaxSpawn = 32;

    explicit Pool(const PoolLimits& limits) : limits_(limits) {}

    Decision tick(const Census& census) noexcept;

  private:
    PoolLimits limits_;
    int rate_ = 1;  // how many to start if there are too few now
};

}  // namespace echotrio::supervise
