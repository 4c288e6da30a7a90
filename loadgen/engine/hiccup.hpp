// The machine's own stalls: a thread that sleeps in short steps and records how late it wakes. What
// delays it (another virtual machine, an interrupt storm, a suspended container) delays the
// generator and the server too. After jHiccup (Gil Tene).
#pragma once

#include "loadgen/record/histogram.hpp"

#include <atomic>
#include <thread>

namespace echotrio::loadgen {

class Hiccup {
  public:
    Hiccup();  // starts
    ~Hiccup() { stop(); }
    Hiccup(const Hiccup&) = delete;
    Hiccup& operator=(const Hiccup&) = delete;

    // Ends it; how late it woke, in ns. May be called again.
    const Histogram& stop();

  private:
    void watch();
    Histogram late_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace echotrio::loadgen
