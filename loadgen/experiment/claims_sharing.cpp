// The claim about shared data: what it costs to count together. Threads count under a lock or
// atomically in one address space, processes atomically in shared memory. The other process is this
// program again, started with an argument of its own (it may only count and end).
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/experiment/child.hpp"
#include "loadgen/experiment/claims.hpp"
#include "loadgen/experiment/counting.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <semaphore>
#include <thread>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kIncrements = 2'000'000;

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free, "processes share it without a library's lock");

// `threads` of them count to kIncrements each; nanoseconds that one of them needs for an increment.
double count_with(std::size_t threads, const std::function<void()>& increment) {
    const TimePoint begin = now();
    std::vector<std::jthread> counting;
    for (std::size_t i = 0; i < threads; ++i) {
        counting.emplace_back([&] {
            for (std::uint64_t n = 0; n < kIncrements; ++n) increment();
        });
    }
    counting.clear();  // joins
    return static_cast<double>((now() - begin).count()) / static_cast<double>(kIncrements);
}

// A page of shared memory with a name that another process can map.
class SharedPage {
  public:
    SharedPage() : name_(fmt::format("/echotrio-{}", ::getpid())) {
        fd_ = net::Fd(::shm_open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
        if (fd_ && ::ftruncate(fd_.get(), sizeof(Counter)) != 0) fd_.reset();
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

Result<double> count_with_processes(const SharedPage& page) {
    std::vector<Child> children;
    for (int i = 0; i < 2; ++i) {
        auto child =
            Child::start({.argv = {"/proc/self/exe", "claims", "--count-in", page.name()}});
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
    void* page = ::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (page == MAP_FAILED) return 1;
    auto& counter = *static_cast<Counter*>(page);
    const TimePoint begin = now();
    for (std::uint64_t n = 0; n < kIncrements; ++n) counter.fetch_add(1, std::memory_order_relaxed);
    fmt::print("{}\n", static_cast<double>((now() - begin).count()) / kIncrements);
    return 0;
}

std::vector<Claim> sharing(const ClaimContext& context) {
    Claim claim{"threads-share-more-cheaply", "Threads share data more cheaply than processes do"};
    if (context.cpus.size() < 2) {
        claim.verdict = ClaimVerdict::not_testable;
        claim.reason = "two CPUs are needed to count at the same time";
        return {claim};
    }
    std::vector<double> alone, locked, atomic, shared;
    for (std::uint64_t i = 0; i < context.repetitions() && !context.stop(); ++i) {
        volatile std::uint64_t plain = 0;
        alone.push_back(count_with(1, [&] { plain = plain + 1; }));
        std::binary_semaphore lock(1);
        std::uint64_t guarded = 0;
        locked.push_back(count_with(2, [&] {
            lock.acquire();
            ++guarded;
            lock.release();
        }));
        Counter counter{0};
        atomic.push_back(count_with(2, [&] { counter.fetch_add(1, std::memory_order_relaxed); }));
        const SharedPage page;
        if (!page.made()) {
            claim.reason = "no shared memory could be made";
            return {claim};
        }
        const auto processes = count_with_processes(page);
        if (!processes) {
            claim.reason = processes.error().message;
            return {claim};
        }
        shared.push_back(*processes);
    }
    if (shared.empty()) return {claim};
    const Effect ratio = effect_of(context, shared, atomic);
    claim.evidence = {{"one_alone_ns", median(alone)},
                      {"two_threads_under_a_lock_ns", median(locked)},
                      {"two_threads_atomic_ns", median(atomic)},
                      {"two_processes_shared_memory_ns", median(shared)},
                      {"processes_over_threads_atomic", ratio.json}};
    claim.reason = fmt::format(
        "an increment takes {:.3g} ns alone, {:.3g} ns by two threads under a lock, {:.3g} ns by "
        "two "
        "threads atomically, {:.3g} ns by two processes in shared memory; processes over threads, "
        "both atomic: {}; once shared, the memory does not know who counts",
        median(alone), median(locked), median(atomic), median(shared), ratio.text);
    if (ratio.known && ratio.low > 1.25) claim.verdict = ClaimVerdict::supported;
    if (ratio.known && ratio.high < 1.25) claim.verdict = ClaimVerdict::refuted;
    return {claim};
}

}  // namespace echotrio::loadgen
