// How much of the machine's CPU time went to other programs since this was made. A comparison of
// times that other programs disturbed says nothing, either way.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace echotrio::fidelity {

class Disturbance {
  public:
    // A share of all CPU time, 0 to 1. Children count as ours once they have ended.
    double share() const {
        const Times at = read();
        const double all = at.all - begin_.all;
        return all > 0 ? (at.busy - begin_.busy - (at.ours - begin_.ours)) / all : 0;
    }

  private:
    struct Times {
        double busy = 0, all = 0, ours = 0;  // seconds
    };
    static Times read() {
        Times times;
        std::ifstream stat("/proc/stat");  // cpu user nice system idle iowait irq softirq steal
        std::string name;
        stat >> name;
        const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
        for (int field = 0; field < 8; ++field) {
            double ticks = 0;
            stat >> ticks;
            times.all += ticks * tick;
            if (field != 3 && field != 4) times.busy += ticks * tick;
        }
        for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
            rusage used{};
            ::getrusage(who, &used);
            for (const timeval& t : {used.ru_utime, used.ru_stime}) {
                times.ours += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
            }
        }
        return times;
    }

    Times begin_ = read();
};

}  // namespace echotrio::fidelity
