#include "tests/hostile/fixture.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace echotrio::test {

PoliteClient::PoliteClient(const net::HostPort& where) : thread_([this, where] { work(where); }) {}

void PoliteClient::work(const net::HostPort& where) {
    Client client(where);
    while (!stop_) {
        const TimePoint start = now();
        const bool good =
            client.connected() && client.send("GET /echo/polite HTTP/1.1\r\nHost: polite\r\n\r\n");
        const auto reply = good ? client.reply() : std::nullopt;
        if (!reply || reply->body != "polite") {
            failed_ = true;
            return;
        }
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
    const TimePoint deadline = now() + kPatience;
    while (served_ < goal && !failed_ && now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return served_ >= goal;
}

void Hostile::start(std::size_t hostile, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--drain-timeout",
                                       fmt::format("{}s", kDrainTimeout.count() / 1'000'000'000)});
    if (model() == "prefork") {
        // the hostile ones, the polite one, and the test's own look at /stats
        const std::string workers = std::to_string(hostile + 4);
        arguments.insert(arguments.end(), {"--start-workers", workers, "--max-spare", workers,
                                           "--max-workers", workers});
    }
    auto server = loadgen::ServerProcess::start(loadgen::own_bin_dir(), model(), arguments);
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(std::move(*server));
    polite_.emplace(where());
    ASSERT_TRUE(polite_->wait_for_more(10));
    resident_before_ = resident_bytes();
    descriptors_before_ = descriptors();
}

void Hostile::TearDown() {
    polite_.reset();
    if (server_) {
        EXPECT_EQ(server_->child().stop(2 * kDrainTimeout), 0) << server_->child().stderr_text();
    }
}

nlohmann::json Hostile::stats() const {
    const auto reply = get(where(), "/stats");
    if (!reply) return {};
    return nlohmann::json::parse(reply->body);
}

void Hostile::expect_polite() {
    EXPECT_TRUE(polite_->wait_for_more(3)) << "it is still served";
    const auto worst = polite_->finish();
    ASSERT_TRUE(worst) << "a request of the polite client failed";
    EXPECT_LT(worst->count(), kPoliteBound.count());
}

void Hostile::expect_all_closed() const {
    const TimePoint deadline = now() + kPatience;
    std::uint64_t open = 0;
    nlohmann::json last;
    do {
        last = stats();
        ASSERT_FALSE(last.empty()) << "/stats is not answered";
        open = last["connections"]["now"].get<std::uint64_t>();
    } while (open > 1 && now() < deadline);
    EXPECT_EQ(open, 1U) << last;
}

std::vector<pid_t> Hostile::pids() const {
    std::vector<pid_t> all{server_->pid()};
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", server_->pid()))) {
        std::ifstream children(task.path() / "children");
        for (pid_t pid = 0; children >> pid;) all.push_back(pid);
    }
    return all;
}

double Hostile::grown_bytes() const {
    constexpr bool kSanitized = sizeof ECHOTRIO_SANITIZERS > 1;
    return kSanitized ? 0 : resident_bytes() - resident_before_;
}

void Hostile::expect_descriptors_back() const {
    const TimePoint deadline = now() + kPatience;
    while (descriptors() > descriptors_before_ && now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_LE(descriptors(), descriptors_before_);
}

double Hostile::resident_bytes() const {
    double pages = 0;
    for (const pid_t pid : pids()) {
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
    for (const pid_t pid : pids()) {
        std::error_code gone;
        for (auto it = std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), gone);
             !gone && it != std::filesystem::directory_iterator(); it.increment(gone)) {
            ++count;
        }
    }
    return count;
}

}  // namespace echotrio::test
