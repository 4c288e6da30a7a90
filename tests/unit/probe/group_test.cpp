// The probe on live processes whose memory, CPU time and switches are known: children that touch a
// known number of pages, threads with known stacks, work that ends before anyone looks.
#include "loadgen/probe/group.hpp"

#include "common/net/fd.hpp"
#include "loadgen/probe/proc_fs.hpp"
#include "tests/support/sanitized.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <functional>
#include <thread>
#include <vector>

namespace echotrio::loadgen {
namespace {

using test::kSanitized;

constexpr double kMiB = 1024 * 1024;
constexpr double kSlack = 0.75 * kMiB;  // the C library's and a sanitizer's own, per process

double cpu_seconds(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void burn(double seconds) {
    const double until = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + seconds;
    volatile double sink = 1;
    while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < until) {
        for (int i = 0; i < 1000; ++i) sink = sink * 1.0000001;
    }
}

// Private pages that differ from each other.
void touch(std::size_t bytes) {
    void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) ::_exit(9);
    ::madvise(at, bytes, MADV_NOHUGEPAGE);
    for (std::size_t i = 0; i < bytes; i += 4096) static_cast<char*>(at)[i] = static_cast<char>(i);
}

// A forked process that does what it is told, a byte an order, and answers with a number. It and
// its children end with this process.
class Puppet {
  public:
    explicit Puppet(const std::function<double(char)>& act) {
        int orders[2];
        int answers[2];
        if (::pipe(orders) != 0 || ::pipe(answers) != 0) std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::close(orders[1]);
            ::close(answers[0]);
            char order = 0;
            while (::read(orders[0], &order, 1) == 1) {
                const double answer = act(order);
                if (::write(answers[1], &answer, sizeof answer) != sizeof answer) break;
            }
            ::_exit(0);
        }
        ::close(orders[0]);
        ::close(answers[1]);
        orders_.reset(orders[1]);
        answers_.reset(answers[0]);
    }
    ~Puppet() {
        orders_.reset();
        if (!reaped_) end(SIGKILL);
    }
    Puppet(const Puppet&) = delete;
    Puppet& operator=(const Puppet&) = delete;

    pid_t pid() const { return pid_; }
    double tell(char order) {
        double answer = -1;
        EXPECT_EQ(::write(orders_.get(), &order, 1), 1);
        EXPECT_EQ(::read(answers_.get(), &answer, sizeof answer),
                  static_cast<ssize_t>(sizeof answer));
        return answer;
    }
    void end(int signal) {
        ::kill(pid_, signal);
        ::waitpid(pid_, nullptr, 0);
        reaped_ = true;
    }

  private:
    pid_t pid_ = -1;
    bool reaped_ = false;
    net::Fd orders_, answers_;
};

// A child that runs `work`, says so, and then waits until it is killed.
pid_t waiting_child(const std::function<void()>& work) {
    int done[2];
    if (::pipe(done) != 0) ::_exit(8);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        const char said = 'x';
        if (::write(done[1], &said, 1) != 1) ::_exit(7);
        for (;;) ::pause();
    }
    char heard = 0;
    if (::read(done[0], &heard, 1) != 1) ::_exit(6);
    ::close(done[0]);
    ::close(done[1]);
    return pid;
}

GroupProbe attach(pid_t pid) {
    auto probe = GroupProbe::attach(pid);
    EXPECT_TRUE(probe.ok()) << probe.error().message;
    return std::move(*probe);
}

TEST(GroupMemory, OfChildrenThatTouchAKnownNumberOfPages) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
    constexpr int kChildren = 4;
    constexpr double kTouched = 8 * kMiB;
    std::vector<pid_t> children;
    Puppet root([&](char order) {
        if (order == 'f') {
            for (int i = 0; i < kChildren; ++i) {
                children.push_back(
                    waiting_child([] { touch(static_cast<std::size_t>(kTouched)); }));
            }
        } else {
            for (const pid_t child : children) {
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, 0);
            }
        }
        return 0.0;
    });
    root.tell('n');
    GroupProbe probe = attach(root.pid());
    const auto before = probe.memory();
    root.tell('f');
    const auto with = probe.memory();
    probe.window_ends();
    EXPECT_EQ(probe.use(0).processes, 1U + kChildren);

    const double uss = *with.at("uss") - *before.at("uss");
    EXPECT_GE(uss, kChildren * kTouched);
    EXPECT_LE(uss, kChildren * (kTouched + kSlack));
    const double pss = *with.at("pss") - *before.at("pss");
    EXPECT_GE(pss, kChildren * kTouched * 0.999);
    EXPECT_LE(pss, kChildren * (kTouched + kSlack));
    EXPECT_GT(*with.at("rss_sum") - *before.at("rss_sum"), pss);  // shared pages count again
    EXPECT_GE(*with.at("page_tables") - *before.at("page_tables"), kChildren * 16.0 * 1024);
    const double stack = *before.at("kernel_stacks");  // of the root's one thread
    EXPECT_EQ(*with.at("kernel_stacks"), stack * (1 + kChildren));

    root.tell('k');
    const auto after = probe.memory();
    EXPECT_LE(*after.at("uss"), *before.at("uss") + kSlack);
    EXPECT_EQ(*after.at("kernel_stacks"), stack);
}

TEST(GroupMemory, CountsSharedPagesOnceInPssAndAgainInRss) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
    constexpr double kShared = 32 * kMiB;
    Puppet root([](char order) {
        if (order == 't') {
            touch(static_cast<std::size_t>(kShared));
        } else {
            for (int i = 0; i < 4; ++i) waiting_child([] {});
        }
        return 0.0;
    });
    root.tell('t');
    GroupProbe probe = attach(root.pid());
    const auto alone = probe.memory();
    root.tell('f');
    const auto forked = probe.memory();
    EXPECT_LE(*forked.at("pss") - *alone.at("pss"), 4 * kSlack + 0.1 * kShared);
    EXPECT_GE(*forked.at("rss_sum") - *alone.at("rss_sum"), 4 * kShared * 0.95);
    // What one more worker costs: nearly nothing of its own.
    EXPECT_LE(*forked.at("uss"), *alone.at("uss"));
}

TEST(GroupMemory, OfThreadsWithKnownStacks) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
    constexpr int kThreads = 40;
    constexpr std::size_t kUsed = 128 * 1024;
    std::atomic<int> running{0};
    Puppet root([&](char) {
        static std::vector<std::thread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                volatile char stack[kUsed];
                for (std::size_t at = 0; at < kUsed; at += 4096) stack[at] = 1;
                running.fetch_add(stack[0]);
                for (;;) ::pause();
            });
        }
        while (running.load() < kThreads) std::this_thread::yield();
        return 0.0;
    });
    GroupProbe probe = attach(root.pid());
    const auto before = probe.memory();
    root.tell('t');
    const auto with = probe.memory();
    probe.window_ends();
    const ServerUse use = probe.use(0);
    EXPECT_EQ(use.processes, 1U);
    EXPECT_EQ(use.threads, 1U + kThreads);
    EXPECT_EQ(*with.at("kernel_stacks"), *before.at("kernel_stacks") * (1 + kThreads));
    const double pss = *with.at("pss") - *before.at("pss");
    EXPECT_GE(pss, kThreads * static_cast<double>(kUsed));
    EXPECT_LE(pss, kThreads * (static_cast<double>(kUsed) + 64 * 1024) + kSlack);
    if (with.at("task_objects")) {
        // Whole machine: others come and go, so only the order of magnitude.
        EXPECT_LT(*with.at("task_objects") / kThreads, 1 * kMiB);
    }
}

TEST(GroupCpu, OfAChildThatEndedIsItsParents) {
    Puppet root([](char) {
        double seconds[2] = {0, 0};
        int answer[2];
        if (::pipe(answer) != 0) ::_exit(8);
        const pid_t child = ::fork();
        if (child == 0) {
            std::thread([] { burn(0.1); }).join();  // a thread that ends before its process
            burn(0.1);
            seconds[0] = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
            if (::write(answer[1], seconds, sizeof(double)) < 0) ::_exit(7);
            ::_exit(0);
        }
        if (::read(answer[0], seconds, sizeof(double)) < 0) ::_exit(6);
        ::waitpid(child, nullptr, 0);
        return seconds[0];
    });
    GroupProbe probe = attach(root.pid());
    probe.window_begins();
    const double first = root.tell('b');
    EXPECT_NEAR(probe.sample().cpu_s, first, 0.05);
    const double second = root.tell('b');
    probe.window_ends();
    const ServerUse use = probe.use(100);
    EXPECT_NEAR(use.cpu_s.value(), first + second, 0.06);
    EXPECT_FALSE(use.user_s || use.system_s) << "40 ticks don't tell the two apart";
    EXPECT_NEAR(*use.cpu_us_per_request, use.cpu_s.value() * 1e4, 1e-6);
    EXPECT_GT(*use.minor_faults, 0U);
    EXPECT_FALSE(use.died);

    probe.window_begins();  // a second window begins at 0
    probe.window_ends();
    EXPECT_LE(probe.use(0).cpu_s.value(), 0.02);

    probe.window_begins();
    for (int i = 0; i < 7; ++i) root.tell('b');
    probe.window_ends();
    const ServerUse longer = probe.use(100);
    ASSERT_TRUE(longer.user_s && longer.system_s);
    EXPECT_NEAR(*longer.user_s + *longer.system_s, longer.cpu_s.value(), 1e-9);
    EXPECT_GT(*longer.user_s, *longer.system_s);
    EXPECT_FALSE(probe.use(0).cpu_us_per_request);
}

TEST(GroupCpu, OfAChildThatNobodyWaitsForCountsAsLastSeen) {
    pid_t child = -1;
    Puppet root([&](char order) {
        if (order == 'b') {
            ::signal(SIGCHLD, SIG_IGN);
            child = waiting_child([] { burn(0.2); });
        } else {
            ::kill(child, SIGKILL);
            while (::waitpid(child, nullptr, 0) >= 0 || errno == EINTR) {
            }
        }
        return 0.0;
    });
    GroupProbe probe = attach(root.pid());
    probe.window_begins();
    root.tell('b');
    EXPECT_GE(probe.sample().cpu_s, 0.17);
    root.tell('k');
    probe.window_ends();
    EXPECT_GE(probe.use(0).cpu_s.value(), 0.17);
    EXPECT_LE(probe.use(0).cpu_s.value(), 0.4);
    EXPECT_EQ(probe.use(0).processes, 1U);
}

TEST(GroupMembers, OutliveTheirParentsInIt) {
    pid_t middle = -1;
    int pids[2];
    ASSERT_EQ(::pipe(pids), 0);
    Puppet root([&](char order) {
        if (order == 'f') {
            middle = waiting_child([&] {
                const pid_t grandchild = waiting_child([] { ::prctl(PR_SET_PDEATHSIG, 0); });
                if (::write(pids[1], &grandchild, sizeof grandchild) < 0) ::_exit(5);
            });
        } else {
            ::kill(middle, SIGKILL);
            ::waitpid(middle, nullptr, 0);
        }
        return 0.0;
    });
    root.tell('f');
    pid_t grandchild = -1;
    ASSERT_EQ(::read(pids[0], &grandchild, sizeof grandchild),
              static_cast<ssize_t>(sizeof grandchild));
    GroupProbe probe = attach(root.pid());
    probe.window_ends();
    EXPECT_EQ(probe.use(0).processes, 3U);
    root.tell('k');
    probe.window_ends();
    EXPECT_EQ(probe.use(0).processes, 2U);  // the root and the orphan
    ::kill(grandchild, SIGKILL);
    ::close(pids[0]);
    ::close(pids[1]);
}

TEST(GroupMembers, AreNotOtherProcessesNorThisOne) {
    Puppet root([](char) { return 0.0; });
    Puppet stranger([](char) {
        burn(0.1);
        return 0.0;
    });
    GroupProbe probe = attach(root.pid());
    probe.window_begins();
    stranger.tell('b');
    probe.window_ends();
    EXPECT_LE(probe.use(0).cpu_s.value(), 0.03);
    EXPECT_EQ(probe.use(0).processes, 1U);

    GroupProbe ours = attach(::getpid());
    ours.window_begins();
    burn(0.05);
    ours.window_ends();
    EXPECT_LE(ours.use(0).cpu_s.value(), 0.03);
}

// The kernel's own count for this process. A nap is not always a switch: where its timer has rung
// before the process is off the CPU, it stays on it.
double voluntary_switches() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_nvcsw);
}

TEST(GroupSwitches, AreThoseOfAllThreads) {
    constexpr int kThreads = 4;
    constexpr int kSleeps = 100;
    std::atomic<int> done{0};
    Puppet root([&](char) {
        const double before = voluntary_switches();
        for (int i = 0; i < kThreads; ++i) {
            std::thread([&] {
                for (int k = 0; k < kSleeps; ++k) {
                    const timespec nap{0, 1000};
                    ::nanosleep(&nap, nullptr);
                }
                done.fetch_add(1);
                for (;;) ::pause();
            }).detach();
        }
        while (done.load() < kThreads) std::this_thread::yield();
        return voluntary_switches() - before;
    });
    GroupProbe probe = attach(root.pid());
    probe.window_begins();
    const auto made = static_cast<std::uint64_t>(root.tell('t'));
    probe.window_ends();
    ASSERT_GE(made, static_cast<std::uint64_t>(kSleeps * kThreads / 2)) << "nothing to count";
    const ServerUse use = probe.use(0);
    ASSERT_TRUE(use.voluntary_switches);
    EXPECT_GE(*use.voluntary_switches, made);
    EXPECT_LE(*use.voluntary_switches, made + 100);
    ASSERT_TRUE(use.involuntary_switches);
    ASSERT_TRUE(use.run_queue_wait_s);
    EXPECT_GE(*use.run_queue_wait_s, 0.0);
}

// Read before the window and after it, of what was counted the window has its share of the time.
TEST(GroupSwitches, OfAWindowThatNearedAreItsShare) {
    Puppet root([](char) {
        const double before = voluntary_switches();
        for (int i = 0; i < 200; ++i) std::this_thread::sleep_for(std::chrono::microseconds(100));
        return voluntary_switches() - before;
    });
    GroupProbe probe = attach(root.pid());
    probe.window_nears();
    const double early = root.tell('s');
    ASSERT_GE(early, 100) << "nothing to count";
    probe.window_begins();
    probe.window_ends();
    const ServerUse use = probe.use(0);
    ASSERT_TRUE(use.voluntary_switches);
    EXPECT_LT(static_cast<double>(*use.voluntary_switches), early / 2)
        << "nearly all of them were before the window";
    probe.window_begins();  // nobody said that this one nears: all of it is counted
    const double made = root.tell('s');
    probe.window_ends();
    EXPECT_GE(static_cast<double>(probe.use(0).voluntary_switches.value_or(0)), made);
}

TEST(GroupSwitches, AreNotKnownWhereThreadsAreLeftOut) {
    Puppet root([](char) { return 0.0; });
    GroupProbe probe = attach(root.pid());
    probe.count_threads(false);
    probe.window_begins();
    root.tell('s');
    probe.window_ends();
    EXPECT_FALSE(probe.use(0).voluntary_switches || probe.use(0).run_queue_wait_s);
    EXPECT_TRUE(probe.use(0).cpu_s);
}

TEST(GroupRoot, DeathIsNoticed) {
    Puppet root([](char) { return 0.0; });
    GroupProbe probe = attach(root.pid());
    probe.window_begins();
    probe.sample();
    EXPECT_FALSE(probe.use(0).died);
    root.end(SIGKILL);
    probe.window_ends();
    EXPECT_TRUE(probe.use(0).died);
    EXPECT_EQ(probe.use(0).processes, 1U);  // as last seen
}

TEST(GroupRoot, DeathAsAZombieIsNoticedToo) {
    Puppet root([](char) -> double { ::_exit(0); });
    GroupProbe probe = attach(root.pid());
    ::kill(root.pid(), SIGKILL);
    siginfo_t info;
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(root.pid()), &info, WEXITED | WNOWAIT), 0);
    probe.window_ends();
    EXPECT_TRUE(probe.use(0).died);
}

TEST(GroupRoot, ThatDoesNotExistIsAnError) {
    const auto probe = GroupProbe::attach(0x3ffffff);
    ASSERT_FALSE(probe.ok());
    EXPECT_EQ(probe.error().message, "can't measure process 67108863: there is no such process");
}

}  // namespace
}  // namespace echotrio::loadgen
