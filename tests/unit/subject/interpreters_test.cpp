// Which Pythons are found where, and what each is told to be from what it says of itself.
#include "loadgen/subject/interpreters.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

// Folders with programs that answer as a Python of some version does.
class Interpreters : public testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(::mkdtemp(home_.data()), nullptr); }
    void TearDown() override { fs::remove_all(home_); }

    std::string add(const std::string& place, const std::string& script) const {
        const fs::path file = fs::path(home_) / place;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
        ::chmod(file.c_str(), 0755);
        return file.string();
    }
    std::string add_python(const std::string& place, const std::string& version,
                           const std::string& implementation = "cpython", int free = 0) const {
        return add(place, fmt::format("echo 'echotrio {} {} {} {}/{}'", implementation, version,
                                      free, home_, place));
    }

    std::string home_ = "/tmp/echotrio-pythons-XXXXXX";
};

TEST_F(Interpreters, CandidatesAreOnThePathAndWithVersionManagers) {
    add_python("bin/python3", "3.11.2");
    add_python("bin/python3.11", "3.11.2");
    add_python("bin/python3.13t", "3.13.0", "cpython", 1);
    add_python("bin/pypy3", "3.10.14", "pypy");
    add("bin/python3-config", "true");
    add("bin/python3.11-gdb.py", "true");
    add("bin/python", "true");
    add_python(".pyenv/versions/3.9.18/bin/python3.9", "3.9.18");
    std::ofstream(home_ + "/bin/python3.7") << "not to be run";
    const auto found = interpreter_candidates(home_ + "/bin:/nowhere::", home_);
    std::vector<std::string> expected;
    for (const char* name : {"bin/pypy3", "bin/python3", "bin/python3.11", "bin/python3.13t",
                             ".pyenv/versions/3.9.18/bin/python3.9"}) {
        expected.push_back(home_ + "/" + name);
    }
    EXPECT_EQ(found, expected);
}

TEST_F(Interpreters, AreBoundedInNumber) {
    for (int i = 0; i < 80; ++i) add_python(fmt::format("bin/python3.{}", 100 + i), "3.11.2");
    EXPECT_EQ(interpreter_candidates(home_ + "/bin", "").size(), 64U);
}

TEST_F(Interpreters, SayWhatTheyAre) {
    const auto cpython = ask_interpreter(add_python("a", "3.11.2"));
    ASSERT_TRUE(cpython) << cpython.error().message;
    EXPECT_EQ(cpython->name, "CPython 3.11.2");
    EXPECT_EQ(cpython->version, "3.11");
    EXPECT_EQ(cpython->path, home_ + "/a");
    EXPECT_FALSE(cpython->free_threaded);
    const auto free = ask_interpreter(add_python("b", "3.13.0", "cpython", 1));
    ASSERT_TRUE(free) << free.error().message;
    EXPECT_EQ(free->name, "CPython 3.13.0 free-threaded");
    EXPECT_EQ(free->version, "3.13t");
    EXPECT_TRUE(free->free_threaded);
    const auto pypy = ask_interpreter(add_python("c", "3.10.14", "pypy"));
    ASSERT_TRUE(pypy) << pypy.error().message;
    EXPECT_EQ(pypy->name, "PyPy 3.10.14");
    EXPECT_EQ(pypy->version, "pypy3.10");
}

TEST_F(Interpreters, OthersAreRefusedInOneLine) {
    const auto refused = [&](const std::string& path) {
        const auto python = ask_interpreter(path);
        EXPECT_FALSE(python) << path;
        return python ? "" : python.error().message;
    };
    for (const std::string& path : {add("silent", "exit 0"), add("other", "echo hello"),
                                    add("half", "echo echotrio cpython"), add("fails", "exit 3")}) {
        const std::string why = refused(path);
        EXPECT_NE(why.find("is not a Python"), std::string::npos) << why;
        EXPECT_EQ(why.find('\n'), std::string::npos) << why;
    }
    EXPECT_NE(refused(home_ + "/none").find("No such file"), std::string::npos);
    for (const char* version : {"2.7.18", "3.7.16"}) {
        const std::string why = refused(add_python(version, version));
        EXPECT_NE(why.find(version), std::string::npos) << why;
        EXPECT_NE(why.find("3.8 or later"), std::string::npos) << why;
    }
}

TEST_F(Interpreters, EachIsThereOnceAndHasALabelOfItsOwn) {
    const std::string one = add_python("one", "3.11.2"), two = add_python("two", "3.11.7"),
                      old = add_python("old", "3.9.18"), again = add_python("again", "3.11.2");
    std::vector<std::string> left_out;
    const auto found = find_interpreters({one, two, old, again}, left_out);
    ASSERT_TRUE(found) << found.error().message;
    std::vector<std::string> labels;
    for (const Interpreter& python : *found) labels.push_back(python.version);
    EXPECT_EQ(labels, (std::vector<std::string>{"3.9", "3.11.2", "3.11.7"}));
    EXPECT_TRUE(left_out.empty());
}

TEST_F(Interpreters, AllLeavesOutWhatCannotServe) {
    add_python("bin/python3.11", "3.11.2");
    add_python("bin/python3.7", "3.7.16");
    add("bin/python3.12", "exit 1");
    ::setenv("PATH", (home_ + "/bin").c_str(), 1);
    ::setenv("HOME", home_.c_str(), 1);
    std::vector<std::string> left_out;
    const auto found = find_interpreters({"all"}, left_out);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 1U);
    ASSERT_EQ(left_out.size(), 1U);
    EXPECT_NE(left_out[0].find("CPython 3.7.16"), std::string::npos);
    ::setenv("PATH", home_.c_str(), 1);
    EXPECT_FALSE(find_interpreters({"all"}, left_out));
}

TEST_F(Interpreters, TheirServersAreBesideTheProgramsOrNamed) {
    ::unsetenv("ECHOTRIO_PYTHON_SERVERS");
    const auto none = find_twin_scripts(home_ + "/build/bin");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("ECHOTRIO_PYTHON_SERVERS"), std::string::npos);
    fs::create_directories(home_ + "/build/bin");
    for (const char* folder : {"servers/python", "build/share/echotrio/python", "named"}) {
        for (const std::string_view file : twin_scripts()) {
            add(fmt::format("{}/{}", folder, file), "");
        }
    }
    const std::string real = fs::canonical(home_).string();
    EXPECT_EQ(*find_twin_scripts(home_ + "/build/bin"), real + "/servers/python");
    fs::remove_all(home_ + "/servers");
    EXPECT_EQ(*find_twin_scripts(home_ + "/build/bin"), real + "/build/share/echotrio/python");
    ::setenv("ECHOTRIO_PYTHON_SERVERS", (home_ + "/named").c_str(), 1);
    EXPECT_EQ(*find_twin_scripts(home_ + "/build/bin"), real + "/named");
    ::unsetenv("ECHOTRIO_PYTHON_SERVERS");
}

}  // namespace
}  // namespace echotrio::loadgen
