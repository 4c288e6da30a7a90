// The generator while its calls fail: its books balance, it says what happened, and a results file
// is whole or not there.
#include "loadgen/experiment/server_process.hpp"
#include "tests/faults/fault_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace echotrio::test {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(60);

class LoadgenFaults : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        auto started = loadgen::ServerProcess::start(loadgen::own_bin_dir(), "coroutine");
        ASSERT_TRUE(started) << started.error().message;
        server_.emplace(std::move(*started));
    }
    void TearDown() override { EXPECT_EQ(server_->stop(), 0); }

    loadgen::Child run(const FaultLog& log, std::vector<std::string> arguments) const {
        std::vector<std::string> argv{loadgen::own_bin_dir() + "/loadgen",
                                      "run",
                                      fmt::format("tcp://{}", format_host_port(server_->where())),
                                      "--quiet",
                                      "-c",
                                      "4",
                                      "-d",
                                      "500ms",
                                      "--warmup",
                                      "0s"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return std::move(*loadgen::Child::start({.argv = argv, .environment = log.environment()}));
    }

    std::optional<loadgen::ServerProcess> server_;
};

TEST_P(LoadgenFaults, LeaveTheBooksInBalance) {
    const FaultLog log(GetParam());
    loadgen::Child child = run(log, {"--json", "-"});
    const auto output = child.read_all(kPatience);
    ASSERT_TRUE(output);
    const auto status = child.wait(kPatience);
    ASSERT_TRUE(status == 0 || status == 3) << child.stderr_text();
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    const auto result = nlohmann::json::parse(*output);
    const auto& books = result["total_accounting"];
    const auto count = [&](const char* key) { return books[key].get<std::uint64_t>(); };
    EXPECT_EQ(count("scheduled"), count("sent") + count("unsent"));
    EXPECT_EQ(count("sent"),
              count("completed") + count("failed") + count("timed_out") + count("in_flight"));
    EXPECT_GT(count("completed"), 0U);
    EXPECT_EQ(result["errors"]["mismatch"], 0);
    if (count("failed") > 0) {
        EXPECT_NE(status, 0) << "failures must not pass for a good run";
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

// A full disk, a failing disk: one line says so, exit status 1, and no half file is left.
class ResultFaults : public LoadgenFaults {};

TEST_P(ResultFaults, LeaveNoHalfFile) {
    std::string folder = (std::filesystem::temp_directory_path() / "echotrio_XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto file = std::filesystem::path(folder) / "result.json";
    std::ofstream(file) << "what was there before";
    const FaultLog log(GetParam());
    loadgen::Child child = run(log, {"--json", file.string()});
    ASSERT_TRUE(child.read_all(kPatience));
    EXPECT_EQ(child.wait(kPatience), 1) << child.stderr_text();
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    EXPECT_NE(child.stderr_text().find("error: "), std::string::npos) << child.stderr_text();
    EXPECT_NE(child.stderr_text().find(file.string()), std::string::npos) << child.stderr_text();
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
