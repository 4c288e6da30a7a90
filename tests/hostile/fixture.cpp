#include "tests/hostile/fixture.hpp"

#include "common/base/units.hpp"
#include "tests/support/sanitized.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace echotrio::test {
namespace {

// What the server was told to bear of silence; Nanos::max() where nothing was said.
Nanos idle_limit(const Words& arguments) {
    const auto flag = std::find(arguments.begin(), arguments.end(), "--idle-timeout");
    return flag == arguments.end() ? Nanos::max() : parse_duration(*std::next(flag)).value();
}

}  // namespace

PoliteClient::PoliteClient(const net::HostPort& where, Nanos idle)
    : thread_([this, where, idle] { work(where, idle); }) {}

void PoliteClient::work(const net::HostPort& where, Nanos idle) {
    Client client(where);
    TimePoint last = now();
    while (!stop_) {
        const TimePoint start = now();
        const bool good =
            client.connected() && client.send("GET /echo/polite HTTP/1.1\r\nHost: polite\r\n\r\n");
        const TimePoint sent = now();
        const auto reply = good ? client.reply() : std::nullopt;
        if (!reply && sent - last >= idle) {  // without a CPU, so silent: it was right to close
            client = Client(where);
            last = now();
            continue;
        }
        if (!reply || reply->body != "polite") {
            failed_ = true;
            return;
        }
        last = now();
        worst_ = std::max(worst_.load(), (now() - start).count());
        ++served_;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));  // its think time
    }
}

std::optional<Nanos> PoliteClient::finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    if (failed_) return std::nullopt;
    return Nanos(worst_.load());
}

bool PoliteClient::wait_for_more(std::uint64_t n) const {
    const std::uint64_t goal = served_ + n;
    eventually([&] { return served_ >= goal || failed_; });
    return served_ >= goal;
}

void Hostile::start(std::size_t hostile, Words arguments) {
    arguments.insert(arguments.end(), {"--drain-timeout",
                                       fmt::format("{}s", kDrainTimeout.count() / 1'000'000'000)});
    if (model() == "prefork") {
        // the hostile ones, the polite one, and the test's own look at /stats
        const std::string workers = std::to_string(hostile + 4);
        arguments.insert(arguments.end(), {"--start-workers", workers, "--max-spare", workers,
                                           "--max-workers", workers});
    }
    if (of_two()) arguments.insert(arguments.end(), {"--processes", "2"});
    server_.emplace(model(), arguments);
    polite_.emplace(where(), idle_limit(arguments));
    ASSERT_TRUE(polite_->wait_for_more(10));
    resident_before_ = resident_bytes();
    descriptors_before_ = descriptors();
}

void Hostile::TearDown() {
    polite_.reset();
    if (server_) {
        EXPECT_EQ(server_->stop(2 * kDrainTimeout), 0) << server_->log();
    }
}

void Hostile::expect_polite() {
    EXPECT_TRUE(polite_->wait_for_more(3)) << "it is still served";
    const auto worst = polite_->finish();
    ASSERT_TRUE(worst) << "a request of the polite client failed";
    EXPECT_LT(worst->count(), kPoliteBound.count());
}

void Hostile::expect_all_closed() const {
    const auto last =
        server_->stats_when([](const auto& s) { return s["connections"]["now"] <= 1; });
    ASSERT_FALSE(last.is_null()) << "/stats is not answered";
    EXPECT_EQ(last["connections"]["now"], 1) << last;
}

double Hostile::grown_bytes() const {
    return kSanitized ? 0 : resident_bytes() - resident_before_;
}

void Hostile::expect_descriptors_back() const {
    eventually([&] { return descriptors() <= descriptors_before_; });
    EXPECT_LE(descriptors(), descriptors_before_);
}

double Hostile::resident_bytes() const {
    double pages = 0;
    for (const pid_t pid : group_of(server_->pid())) {
        std::ifstream statm(fmt::format("/proc/{}/statm", pid));
        double size = 0;
        double resident = 0;
        double shared = 0;
        if (statm >> size >> resident >> shared) pages += resident - shared;
    }
    return pages * 4096;
}

std::size_t Hostile::descriptors() const {
    std::size_t count = 0;
    for (const pid_t pid : group_of(server_->pid())) {
        std::error_code gone;
        for (auto it = std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), gone);
             !gone && it != std::filesystem::directory_iterator(); it.increment(gone)) {
            ++count;
        }
    }
    return count;
}

}  // namespace echotrio::test
