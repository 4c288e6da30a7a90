// The generator while its calls fail: its books balance, it says what happened, and a results file
// is whole or not there.
#include "tests/faults/fault_log.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace echotrio::test {
namespace {

class LoadgenFaults : public testing::TestWithParam<const char*> {
  protected:
    void TearDown() override { EXPECT_EQ(server_.stop(), 0); }

    Ran run(const FaultLog& log, const Words& arguments) const {
        Words command{program("loadgen"), "run", server_.tcp(), "--quiet", "-c", "4", "-d", "500ms",
                      "--warmup",         "0s"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        loadgen::Child child = start_program(command, log.environment());
        return finish(child);
    }

    Server server_{"coroutine"};
};

TEST_P(LoadgenFaults, LeaveTheBooksInBalance) {
    const FaultLog log(GetParam());
    const Ran ran = run(log, {"--json", "-"});
    ASSERT_TRUE(ran.status == 0 || ran.status == 3) << ran.err;
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    const auto result = nlohmann::json::parse(ran.out);
    const auto& books = result["total_accounting"];
    const auto count = [&](const char* key) { return books[key].get<std::uint64_t>(); };
    EXPECT_EQ(count("scheduled"), count("sent") + count("unsent"));
    EXPECT_EQ(count("sent"),
              count("completed") + count("failed") + count("timed_out") + count("in_flight"));
    EXPECT_GT(count("completed"), 0U);
    EXPECT_EQ(result["errors"]["mismatch"], 0);
    if (count("failed") > 0) {
        EXPECT_NE(ran.status, 0) << "failures must not pass for a good run";
    }
}

INSTANTIATE_TEST_SUITE_P(Calls, LoadgenFaults,
                         testing::Values("recv=EINTR/3", "recv=EAGAIN/3", "recv=short/2",
                                         "send=EINTR/3", "send=EAGAIN/3", "send=short/2",
                                         "recv=ECONNRESET/50", "send=EPIPE/50",
                                         "epoll_wait=EINTR/2", "socket=EMFILE/4",
                                         "connect=ENOBUFS/3"),
                         [](const auto& test) {
                             std::string name = test.param;
                             for (char& letter : name) {
                                 if (std::isalnum(static_cast<unsigned char>(letter)) == 0) {
                                     letter = '_';
                                 }
                             }
                             return name;
                         });

class ThreadFaults : public LoadgenFaults {};

TEST_P(ThreadFaults, EndTheRunWithALineThatSaysSo) {
    const FaultLog log(GetParam());
    const Ran ran = run(log, {"--threads", "3"});
    EXPECT_EQ(ran.status, 1) << ran.err;
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadFaults,
                         testing::Values("pthread_create=EAGAIN/1", "pthread_create=EAGAIN/2",
                                         "pthread_create=EAGAIN/3", "pthread_create=EAGAIN/4"),
                         [](const auto& test) {
                             return fmt::format("the_{}_th", std::string(test.param).back());
                         });

// A full disk, a failing disk: one line says so, exit status 1, and no half file is left.
class ResultFaults : public LoadgenFaults {};

TEST_P(ResultFaults, LeaveNoHalfFile) {
    std::string folder = (std::filesystem::temp_directory_path() / "echotrio_XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto file = std::filesystem::path(folder) / "result.json";
    std::ofstream(file) << "what was there before";
    const FaultLog log(GetParam());
    const Ran ran = run(log, {"--json", file.string()});
    EXPECT_EQ(ran.status, 1) << ran.err;
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    EXPECT_NE(ran.err.find("error: "), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find(file.string()), std::string::npos) << ran.err;
    std::stringstream kept;
    kept << std::ifstream(file).rdbuf();
    EXPECT_EQ(kept.str(), "what was there before");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1)
        << "a temporary file is left";
    std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Disk, ResultFaults,
                         testing::Values("file_write=ENOSPC/1", "file_write=EIO/1", "fsync=EIO/1",
                                         "rename=EIO/1"),
                         [](const auto& test) {
                             std::string name = test.param;
                             for (char& letter : name) {
                                 if (std::isalnum(static_cast<unsigned char>(letter)) == 0) {
                                     letter = '_';
                                 }
                             }
                             return name;
                         });

}  // namespace
}  // namespace echotrio::test
