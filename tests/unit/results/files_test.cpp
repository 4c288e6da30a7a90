// Files in and out: what is no regular file is written through, what is one is replaced whole.
#include "loadgen/results/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
  protected:
    Files() {
        std::string pattern = (fs::temp_directory_path() / "echotrio-files-XXXXXX").string();
        dir_ = ::mkdtemp(pattern.data());
    }
    ~Files() override { fs::remove_all(dir_); }

    std::string in(const char* name) const { return dir_ + "/" + name; }
    static std::string contents(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void expect_no_leftovers(std::ptrdiff_t files) const {
        EXPECT_EQ(std::distance(fs::directory_iterator(dir_), {}), files);
    }

    std::string dir_;
};

TEST_F(Files, ADeviceStaysADevice) {
    ASSERT_TRUE(write_file("/dev/null", "x"));
    struct stat found {};
    ASSERT_EQ(::stat("/dev/null", &found), 0);
    EXPECT_TRUE(S_ISCHR(found.st_mode));
}

TEST_F(Files, APipeGetsTheText) {
    const std::string pipe = in("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::string text(200'000, 'x');  // more than a pipe holds
    std::string got;
    std::thread reader([&] { got = contents(pipe); });
    EXPECT_TRUE(write_file(pipe, text));
    reader.join();
    EXPECT_EQ(got, text);
    EXPECT_TRUE(fs::is_fifo(pipe));
    expect_no_leftovers(1);
}

TEST_F(Files, APipeIsReadToItsEnd) {
    const std::string pipe = in("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] { std::ofstream(pipe) << std::string(100'000, 'y'); });
    const auto text = read_file(pipe, 1U << 20U);
    writer.join();
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, std::string(100'000, 'y'));
}

TEST_F(Files, ALinkStaysALinkAndItsEndIsReplaced) {
    std::ofstream(in("end")) << "old";
    fs::create_symlink("end", in("middle"));  // relative
    fs::create_symlink(in("middle"), in("link"));
    ASSERT_TRUE(write_file(in("link"), "new"));
    EXPECT_TRUE(fs::is_symlink(in("link")) && fs::is_symlink(in("middle")));
    EXPECT_EQ(contents(in("end")), "new");
    fs::create_symlink("not yet", in("dangling"));
    ASSERT_TRUE(write_file(in("dangling"), "made"));
    EXPECT_EQ(contents(in("not yet")), "made");
    expect_no_leftovers(5);
}

TEST_F(Files, WhatIsReplacedKeepsItsMode) {
    std::ofstream(in("file")) << "old";
    ASSERT_EQ(::chmod(in("file").c_str(), 0640), 0);
    ASSERT_TRUE(write_file(in("file"), "new"));
    struct stat found {};
    ASSERT_EQ(::stat(in("file").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0640U);
    EXPECT_EQ(contents(in("file")), "new");
}

TEST_F(Files, AFullDeviceIsAnError) {
    const Status written = write_file("/dev/full", "x");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "cannot write /dev/full: No space left on device");
}

TEST_F(Files, NamesOfStandardOutputAreKnown) {
    EXPECT_TRUE(is_standard_output("-"));
    EXPECT_TRUE(is_standard_output("/dev/stdout"));
    EXPECT_FALSE(is_standard_output(in("file")));
}

TEST_F(Files, WhatCannotBeWrittenIsKnownBefore) {
    EXPECT_EQ(unwritable("-"), "");
    EXPECT_EQ(unwritable("/dev/null"), "");
    EXPECT_EQ(unwritable(in("new")), "");
    fs::create_symlink("new", in("link"));
    EXPECT_EQ(unwritable(in("link")), "");
    EXPECT_EQ(unwritable(""), "needs the name of a file, or - for standard output");
    EXPECT_EQ(unwritable(dir_), "cannot write " + dir_ + ": Is a directory");
    EXPECT_NE(unwritable(in("no/folder")).find("No such file or directory"), std::string::npos);
    std::ofstream(in("file")) << "x";
    EXPECT_NE(unwritable(in("file/below")).find("Not a directory"), std::string::npos);
    expect_no_leftovers(2);
}

TEST_F(Files, WhatCannotBeReadIsOneLine) {
    EXPECT_EQ(read_file(dir_, 10).error().message, "cannot read " + dir_ + ": Is a directory");
    EXPECT_NE(read_file(in("none"), 10).error().message.find("No such file"), std::string::npos);
    std::ofstream(in("file")) << "12345678901";
    EXPECT_NE(read_file(in("file"), 10).error().message.find("is larger than 10"),
              std::string::npos);
    EXPECT_EQ(*read_file(in("file"), 11), "12345678901");
    EXPECT_FALSE(read_file("/dev/zero", 1U << 20U)) << "endless";
}

}  // namespace
}  // namespace echotrio::loadgen
