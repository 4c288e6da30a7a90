// A process and all its descendants, seen through /proc from outside. The probe's own process never
// belongs to the group.
//
// How what has ended is accounted for:
// - CPU time and faults of a thread stay in its process's figures, and those of a process that was
//   waited for go to its parent's: nothing is lost. A process that nobody waits for (its parent
//   ignores SIGCHLD, or ended first) counts as it was last seen.
// - A process that outlives its parent stays a member as long as it lives.
// - Switches and run-queue waits are kept by the kernel for each thread alone and end with it: a
//   thread that began and ended between the window's two calls is not in these sums, and one that
//   ended in between counts nothing. They are lower bounds where threads come and go. They are read
//   at a low priority, after the rest: on a busy CPU they begin somewhat later than the window.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/results/run_result.hpp"

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace echotrio::loadgen {

class GroupProbe {
  public:
    // Error: no such process, or its /proc can't be read. `kernel_before`: what the machine's
    // kernel held for sockets and tasks before the server was started; without it that is read
    // here, and of what the server's tasks hold already only a task_struct each is then told.
    // Attach before the connections are opened.
    static Result<GroupProbe> attach(pid_t root,
                                     const std::optional<KernelMemory>& kernel_before = {});
    // All descendants of `guard`, which is none of the group; it died when nobody is left.
    static Result<GroupProbe> attach_below(pid_t guard,
                                           const std::optional<KernelMemory>& kernel_before = {});
    GroupProbe(GroupProbe&&) noexcept;
    GroupProbe& operator=(GroupProbe&&) noexcept;
    ~GroupProbe();

    // CPU, switches and waits are differences between the two ends of the window. Every thread's
    // switches are read (about 30 us a thread), on a CPU that a generator may need: that is done
    // before the window, when told that it nears (else at its beginning), and after it. Of
    // switches, waits for a CPU and page faults between the two readings those of the window are
    // its share of that time; CPU time is exact.
    // count_threads(false): none is read from then on, switches and waits are not known. A reading
    // leaves 1 KiB a thread of names and inodes in the kernel: not where its memory is the
    // question.
    void count_threads(bool count);
    void window_nears();
    void window_begins();
    void window_ends();
    // When CPU time was read for the two. A window that did not begin has time_point{}.
    TimePoint begun_at() const;
    TimePoint ended_at() const;

    // Cheap figures for the live line: CPU seconds since window_begins (or attach), resident bytes
    // (pages that processes share are counted again).
    struct Sample {
        double cpu_s = 0;
        double resident_bytes = 0;
    };
    Sample sample();
    double resident_bytes() const;  // as of the last look

    // Every metric of the memory table of docs/measurement.md, in bytes; walks smaps_rollup of the
    // whole group, so call it outside the window. It waits, a second at most, until the group
    // stands still: clients are connected long before a server has accepted them all. Unreadable =
    // empty, never 0.
    //   pss, uss, rss_sum, page_tables, kernel_stacks    of the group, as it is now
    //   rss_peak_sum     the most that each process ever had resident, short peaks included
    //   socket_objects   what the kernel's socket slabs grew by since `kernel_before`, one end of
    //                    each connection (both are on this machine); for root only
    //   task_objects     what the rest of its unreclaimable slab grew by, at least a task_struct
    //                    each; for root only
    //   socket_buffers   what TCP holds for queued bytes more than before
    //   slab             what unreclaimable slab grew by, of both ends; for all readers
    // The last four are the whole machine's, so noise may make all but task_objects slightly
    // negative.
    MemoryUse memory();

    // The difference of the two window calls, with memory() as it was last taken.
    ServerUse use(std::uint64_t requests) const;

  private:
    struct State;
    static Result<GroupProbe> attach(std::unique_ptr<State> state, pid_t process);
    explicit GroupProbe(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace echotrio::loadgen
