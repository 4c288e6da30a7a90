// What makes a model like an interpreter, by its size: how long others wait beside a call that
// keeps the lock and beside native code, and what workers cost that dirty the heap they share.
#include "loadgen/probe/memory.hpp"
#include "loadgen/probe/proc_fs.hpp"
#include "tests/support/machine_fit.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace echotrio::test {
namespace {

std::string name_of(const testing::TestParamInfo<const char*>& model) {
    std::string name = model.param;
    std::erase(name, '-');
    return name;
}

class Interpreter : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (std::string(GetParam()).starts_with("py-") && !has_python_twins()) {
            GTEST_SKIP() << "no Python of 3.8 or later was found when this was configured";
        }
    }
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

// The longest wait of a client that asks all the time, over what the request beside it took.
double longest_wait_beside(const Server& server, const std::string& path) {
    std::atomic<bool> done{false};
    Nanos longest{0};
    std::thread other([&] {
        Client client(server.where());
        while (!done.load()) {
            const TimePoint begin = now();
            ask(client, "/echo/hi");
            if (!client.reply()) return;
            longest = std::max(longest, now() - begin);
        }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // it is at it, or soon will be
    const TimePoint begin = now();
    EXPECT_TRUE(get(server.where(), path));
    const Nanos took = now() - begin;
    done.store(true);
    other.join();
    return seconds(longest) / seconds(took);
}

class Threads : public Interpreter {};

// The median of some rounds, side by side: each ratio is of the same moment.
TEST_P(Threads, WaitForACallThatKeepsTheLockAndNotForNativeCode) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    const Server server(GetParam());
    std::vector<double> hold, native, cpu;
    for (int round = 0; round < 9; ++round) {
        hold.push_back(longest_wait_beside(server, "/echo/a?hold=60ms"));
        native.push_back(longest_wait_beside(server, "/echo/a?native=60ms"));
        cpu.push_back(longest_wait_beside(server, "/echo/a?cpu=60ms"));
    }
    fmt::print("longest wait over the request beside it: hold {:.3f}, native {:.3f}, cpu {:.3f}\n",
               median(hold), median(native), median(cpu));
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_NEAR(median(hold), 1, 0.1);
    EXPECT_LT(median(native), 0.5);
    EXPECT_LT(median(cpu), 0.5);  // a switch interval, or a few
}

INSTANTIATE_TEST_SUITE_P(Models, Threads, testing::Values("threads", "py-threads"), name_of);

class Prefork : public Interpreter {};

constexpr std::uint64_t kHeap = 32 << 20;

// PSS but for files, whose pages are shared with strangers too: those come and go.
double bytes_of_pool(const std::string& model, std::uint64_t workers, double share) {
    const std::string count = fmt::format("{}", workers);
    Words arguments{"--start-workers",        count,     "--heap",
                    fmt::format("{}", kHeap), "--touch", fmt::format("{}", share)};
    if (model == "prefork") {
        arguments.insert(arguments.end(), {"--max-spare", count, "--max-workers", count});
    }
    const Server server(model, arguments);
    std::vector<Client> clients;  // a worker for each
    for (std::uint64_t i = 0; i < workers; ++i) clients.emplace_back(server.where());
    for (int round = 0; round < 110; ++round) {
        for (Client& client : clients) EXPECT_TRUE(echoes(client));
    }
    double total = 0;
    for (const loadgen::ProcStat& process : loadgen::all_processes()) {
        if (process.pid != server.pid() && process.parent != server.pid()) continue;
        const auto rollup = loadgen::read_text(loadgen::proc_path(process.pid, "smaps_rollup"));
        total += loadgen::anonymous_bytes(rollup.value_or("")).value_or(0);
    }
    return total;
}

double cost_of_a_worker(const std::string& model, double share) {
    return (bytes_of_pool(model, 6, share) - bytes_of_pool(model, 2, share)) / 4;
}

// Memory that the processes have, which no neighbour on the machine moves: no need to ask for a fit
// one.
TEST_P(Prefork, AWorkerCostsWhatItDirtiesOfTheHeap) {
    const double own = cost_of_a_worker(GetParam(), 0);
    EXPECT_LT(own, 0.1 * kHeap) << "the heap is shared";
    for (const double share : {0.25, 1.0}) {
        const double dirtied = share * kHeap;
        EXPECT_NEAR(cost_of_a_worker(GetParam(), share) - own, dirtied, 0.05 * dirtied) << share;
    }
}

INSTANTIATE_TEST_SUITE_P(Models, Prefork, testing::Values("prefork", "py-prefork"), name_of);

}  // namespace
}  // namespace echotrio::test
