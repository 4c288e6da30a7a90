// The claim about shared data: what it costs to count together. Threads count under a lock or
// atomically in one address space, processes atomically in shared memory. The other process is this
// program again, started with an argument of its own (it may only count and end).
#include "common/net/socket.hpp"
#include "loadgen/claims/counting.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/subject/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <semaphore>
#include <span>
#include <thread>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kIncrements = 2'000'000;
constexpr std::uint64_t kUnderLock = 50'000;  // each may sleep and be woken

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free, "processes share it without a library's lock");

// What two that count share, in the memory of one process or of two.
struct Shared {
    Counter count{0};
    alignas(64) Counter ready{0};  // how many stand at the start; on a cache line of its own
};

// Waits for the other one, a second at most, so that both count at the same time.
void start_together(Counter& ready, std::uint64_t all) {
    ready.fetch_add(1);
    const TimePoint deadline = now() + std::chrono::seconds(1);
    while (ready.load() < all && now() < deadline) std::this_thread::yield();
}

// Nanoseconds of CPU time that an increment takes this thread: what it waits for a CPU is not the
// counter's doing.
template <class Increment>
double time_increments(std::uint64_t times, const Increment& increment) {
    const auto cpu_ns = [] {
        timespec t{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
    };
    const double begin = cpu_ns();
    for (std::uint64_t n = 0; n < times; ++n) increment();
    return (cpu_ns() - begin) / static_cast<double>(times);
}

// The slowest of the threads that count at the same time, one on each of these CPUs: two on one
// would take turns, and so find the counter in their cache.
template <class Increment>
double count_with(std::span<const int> cpus, std::uint64_t times, const Increment& increment) {
    Counter ready{0};
    std::vector<double> took(cpus.size());
    std::vector<std::jthread> counting;
    counting.reserve(cpus.size());
    for (std::size_t i = 0; i < cpus.size(); ++i) {
        counting.emplace_back([&, i] {
            static_cast<void>(net::pin_to_cpus(cpus.subspan(i, 1)));
            start_together(ready, cpus.size());
            took[i] = time_increments(times, increment);
        });
    }
    counting.clear();  // joins
    return *std::max_element(took.begin(), took.end());
}

void increment_atomically(Counter& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
}

// A page of shared memory with a name that another process can map.
class SharedPage {
  public:
    SharedPage() : name_(fmt::format("/echotrio-{}", ::getpid())) {
        fd_ = net::Fd(::shm_open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
        if (fd_ && ::ftruncate(fd_.get(), sizeof(Shared)) != 0) fd_.reset();
    }
    ~SharedPage() { ::shm_unlink(name_.c_str()); }
    SharedPage(const SharedPage&) = delete;
    SharedPage& operator=(const SharedPage&) = delete;
    bool made() const { return static_cast<bool>(fd_); }
    const std::string& name() const { return name_; }

  private:
    std::string name_;
    net::Fd fd_;
};

Result<double> count_with_processes(std::span<const int> cpus, const SharedPage& page) {
    std::vector<Child> children;
    for (const int cpu : cpus) {
        auto child = Child::start(
            {.argv = {"/proc/self/exe", "claims", "--count-in", page.name()}, .cpus = {cpu}});
        if (!child) return child.error();
        children.push_back(std::move(*child));
    }
    double slowest = 0;
    for (Child& child : children) {
        const auto line = child.read_line(std::chrono::seconds(20));
        if (!line) return line.error();
        double ns = 0;
        std::from_chars(line->data(), line->data() + line->size(), ns);
        slowest = std::max(slowest, ns);
        child.wait(std::chrono::seconds(5));
    }
    return slowest;
}

}  // namespace

int count_in(const std::string& name) {
    const net::Fd fd(::shm_open(name.c_str(), O_RDWR, 0));
    if (!fd) return 1;
    void* page = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (page == MAP_FAILED) return 1;
    auto& shared = *static_cast<Shared*>(page);  // zeroes, as they are when new
    start_together(shared.ready, 2);
    fmt::print("{}\n", time_increments(kIncrements, [&] { increment_atomically(shared.count); }));
    return 0;
}

namespace {

// Nanoseconds of an increment, a value per repetition.
struct Increments {
    std::vector<double> alone, locked, atomic, shared;
};

Result<Increments> count_often(const ClaimContext& context) {
    Increments took;
    const auto cpus = std::span(context.cpus).first(2);
    for (std::uint64_t i = 0; i < 3 * context.repetitions() && !context.stop(); ++i) {
        volatile std::uint64_t plain = 0;
        took.alone.push_back(count_with(cpus.first(1), kIncrements, [&] { plain = plain + 1; }));
        std::binary_semaphore lock(1);
        std::uint64_t guarded = 0;
        took.locked.push_back(count_with(cpus, kUnderLock, [&] {
            lock.acquire();
            ++guarded;
            lock.release();
        }));
        Counter counter{0};
        took.atomic.push_back(
            count_with(cpus, kIncrements, [&] { increment_atomically(counter); }));
        const SharedPage page;
        if (!page.made()) return Error{"no shared memory could be made"};
        const auto processes = count_with_processes(cpus, page);
        if (!processes) return processes.error();
        took.shared.push_back(*processes);
    }
    return took;
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials&) {
    const auto took = count_often(context);
    if (!took) return {{{}, took.error().message}};
    const auto alone = median_figure({"one_alone_ns", "one alone", "", "ns"}, took->alone);
    const auto locked = median_figure(
        {"two_threads_under_a_lock_ns", "threads, lock", "threads", "ns"}, took->locked);
    const auto atomic =
        median_figure({"two_threads_atomic_ns", "threads, atomic", "threads", "ns"}, took->atomic);
    const auto shared = median_figure(
        {"two_processes_shared_memory_ns", "processes", "prefork", "ns"}, took->shared);
    const auto ratio = ratio_figure(
        context, {"processes_over_threads_atomic/ratio", "processes over threads, both atomic"},
        {took->shared, took->atomic});
    return {{figures_of({alone, atomic, locked, shared, ratio}),
             fmt::format(
                 "an increment takes {} of CPU time alone, {} by two threads under a lock, {} by "
                 "two threads atomically, {} by two processes in shared memory; processes over "
                 "threads, both atomic: {}; once shared, the memory does not know who counts",
                 value_in_words(alone), value_in_words(locked), value_in_words(atomic),
                 value_in_words(shared), in_words(ratio))}};
}

}  // namespace

ClaimTest sharing() {
    Sentence sentence{
        "threads-share-more-cheaply",
        "Threads share data more cheaply than processes do",
        {above("processes_over_threads_atomic/ratio", 1.25, 1.25)},
        ClaimPicture{"time of one increment",
                     {"one_alone_ns", "two_threads_atomic_ns", "two_threads_under_a_lock_ns",
                      "two_processes_shared_memory_ns"},
                     true}};
    sentence.source = {
        "two threads or two processes, each on a CPU of its own, increment one shared counter at "
        "the same time; what counts is the CPU time of an increment, of the slower of the two",
        "loadgen/claims/sharing.cpp", "count_often"};
    return {.name = "sharing a counter",
            .sentences = {sentence},
            .measure = measure,
            .cpus = 2,
            .own_means = true,
            .not_in_python = "this counts in machine code, without a server"};
}

}  // namespace echotrio::loadgen
